"""Payloads in everything that anybody can write, and every page, feed, mail, admin page and answer of the API read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core import mail
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import Resolver404, resolve, reverse
from django.utils.html import escape

from accounts.models import User
from config.throttling import Anonymous
from gallery.desk.queue import page_of_queue
from tests.architecture.access_table import TABLE, WAITING
from tests.architecture.access_things import things_of
from tests.conftest import join
from tests.platform.hostile.answers import read, wrong_headers, wrong_in_mail
from tests.platform.hostile.forms import Form, FormReader
from tests.platform.hostile.payloads import LONG, SHORT, write_into, written_columns
from tests.platform.hostile.rows import fill

COLUMNS = written_columns()
# A link in a mail may sign somebody in; captions of a training are only learned.
NOT_SHOWN = {
    "accounts.ApiToken.options",  # told to who asks with the token
    "accounts.OutgoingMail.body",
    "generation.SourcePicture.prompt",  # read by rules alone
    "generation.SourcePicture.source_type",  # repeated in the files of pictures that are made from it
    "generation.TrainingRun.manifest",
    "generation.Webhook.former_secret",  # sealed, as the next
    "generation.Webhook.secret",
    "socialaccount.SocialAccount.extra_data",  # in the copy of their data alone
}
FOR_SCRIPTS = {"HX-Request": "true", "X-Requested-With": "fetch"}
ECHOING = (
    "/",
    "/by/",
    "/shared/",
    "/gallery/",
    "/loras/",
    "/appeals/by-mail/",
    "/api/v1/",
    "/api/v1/authors/",
    "/admin/",
)
ENDLESS = "text/event-stream"
"""An answer that ends when nobody reads it any more. It tells of codes and states."""
SENT_MARK = len(COLUMNS)
SENT = LONG.format(mark=f"zq{SENT_MARK}r0z")


class Crawl:
    """What was asked so far: the faults, the columns that some answer shows, the forms and names that pages have."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.shown: set[int] = set()
        self.forms: dict[tuple[Any, ...], tuple[str, Form]] = {}
        self.names: set[str] = set()

    def look(self, path: str, client: Client, who: str) -> None:
        page = self.read(client.get(path), path, who)
        if page and who != "nobody":
            reader = FormReader(path)
            reader.feed(page)
            self.names |= reader.names
            for form in reader.forms:
                self.forms.setdefault((route_of(form), form.method, *form.names), (who, form))

    def read(self, response: HttpResponseBase, path: str, who: str) -> str:
        """Look at an answer; its text where that is HTML."""
        kind = response.headers.get("Content-Type", "").split(";")[0]
        faults = wrong_headers(response.headers)
        if response.status_code >= 500:
            faults.append(f"an error {response.status_code}")
        is_text = (kind.startswith("text/") and kind != ENDLESS) or kind.endswith(("json", "xml"))
        text = text_of(response) if is_text else ""
        found, shown = read(kind, text)
        self.shown |= shown
        self.faults += [f"{path} as {who}: {fault}" for fault in [*faults, *found]]
        return text if kind == "text/html" else ""

    def send(self, form: Form, client: Client, who: str) -> None:
        """Fill a form in, and undo what came of it."""
        cookies = SimpleCookie(client.cookies.output(header=""))
        ask = client.get if form.method == "get" else client.post
        with transaction.atomic():
            self.read(ask(form.action, form.filled(SENT), follow=True), f"{form.method} {form.action}", who)
            transaction.set_rollback(True)
        client.cookies = cookies


def route_of(form: Form) -> str:
    """One of many pages of a kind is enough."""
    try:
        return str(resolve(urlsplit(form.action).path).route)
    except Resolver404:
        return form.action


def text_of(response: Any) -> str:
    return str((response.getvalue() if response.streaming else response.content).decode())


def paths(things: dict[str, str]) -> Iterator[str]:
    for route, row in TABLE.items():
        if "GET" in row.methods:
            yield "/" + (row.path or route).format(**things)
    yield from ("/" + row.path.format(**things) for row in WAITING if "GET" in row.methods)


def admin_paths() -> Iterator[str]:
    yield reverse("admin:index")
    yield from (case.url for case in page_of_queue().cases)
    for model, site in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        yield reverse(f"{name}_changelist", query={"q": "zq"})
        yield reverse(f"{name}_add")
        for key in model._default_manager.values_list("pk", flat=True)[:1]:
            yield from (reverse(f"{name}_{page}", args=[key]) for page in ("change", "history", "delete"))
        assert site


TEXT = LONG.format(mark="zq1r0z")
QUOTED = escape(TEXT)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", f"<p>{TEXT}</p>"),
        ("text/html", f'<p title="{TEXT}">'),
        ("text/html", f"<p title='{TEXT}'>"),
        ("text/html", f"<p title={QUOTED}>"),
        ("text/html", f'<a href="{QUOTED}">x</a>'),
        ("text/html", f'<p x-text="{QUOTED}">'),
        ("text/html", f"<!-- {QUOTED} -->"),
        ("text/html", f"<script>let a = '{QUOTED}'</script>"),
        ("text/html", f'<script type="application/json">{json.dumps(TEXT)}</script>'),
        ("text/html", f"<p>{SHORT.format(mark='zq1r0z')}</p>"),
        ("text/html", f"<p>{QUOTED} 31338</p>"),
        ("application/rss+xml", f"<item><description>{QUOTED}</description></item>"),
        ("application/rss+xml", f"<item><link>{QUOTED}</link></item>"),
    ],
)
def test_what_became_more_than_text_is_seen(kind: str, body: str) -> None:
    faults, _ = read(kind, body)
    assert faults


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", f'<p title="{QUOTED}">{QUOTED}</p><a href="?q={QUOTED}">x</a>'),
        ("application/rss+xml", f"<item><title>{QUOTED}</title><description>{escape(QUOTED)}</description></item>"),
        ("application/json", json.dumps(TEXT)),
    ],
)
def test_what_stayed_text_is_shown(kind: str, body: str) -> None:
    assert read(kind, body) == ([], {1})


@pytest.mark.slow
@pytest.mark.django_db
def test_no_text_becomes_more_than_text(
    alice: User, bob: User, charlie: User, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A quick machine asks for more of the API in a minute than nobody may.
    monkeypatch.setattr(Anonymous, "THROTTLE_RATES", {"anon": "100000/min"})
    root = join("root", is_staff=True, is_superuser=True)
    root.groups.add(Group.objects.get(name="moderator"))
    things = things_of(alice)
    fill(alice, bob, charlie, root, things)
    empty = [str(field) for number, field in enumerate(COLUMNS) if not write_into(field, number)]
    assert empty == [], "make a row of these in tests/platform/hostile/rows.py, or name them as written by nobody"
    people = {"nobody": Client(), **{user.username: signed_in(user) for user in (alice, charlie, bob, root)}}
    crawl = Crawl()
    walk(crawl, people, things)
    assert crawl.faults == []
    unseen = {str(field) for number, field in enumerate(COLUMNS) if number not in crawl.shown}
    assert sorted(unseen ^ NOT_SHOWN) == []
    ask_with_payloads(crawl, people, things)
    assert crawl.faults == []
    assert SENT_MARK in crawl.shown
    assert [fault for each in mail.outbox for fault in wrong_in_mail(each)] == []


def walk(crawl: Crawl, people: dict[str, Client], things: dict[str, str]) -> None:
    """Every address as everybody; what a script of ours gets, and the admin, as who may see most of it."""
    for who, client in people.items():
        for path in paths(things):
            crawl.look(path, client, who)
    for path in paths(things):
        crawl.read(people["alice"].get(path, headers=FOR_SCRIPTS), f"{path} by a script", "alice")
    for who in ("bob", "root"):
        for path in admin_paths():
            crawl.look(path, people[who], who)


def ask_with_payloads(crawl: Crawl, people: dict[str, Client], things: dict[str, str]) -> None:
    """Every form, every name in a query, and addresses that are not there."""
    for who, form in crawl.forms.values():
        crawl.send(form, people[who], who)
    everything = urlencode(dict.fromkeys(sorted(crawl.names), SENT))
    for path in paths(things):
        crawl.read(people["alice"].get(f"{path.split('?')[0]}?{everything}"), f"{path} with a query", "alice")
    for path in ECHOING:
        crawl.read(people["alice"].get(path + quote(SENT)), f"{path} that is not there", "alice")
