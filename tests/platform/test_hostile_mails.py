"""Payloads in everything that mails quote: each stays plain text to whom it is for, under the headers that it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.test.signals import template_rendered
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.visits import begin_visit
from config.deletion import leave
from gallery.appeals import grant, send_appeal
from gallery.commenting import write_comment
from gallery.digests import send_digests
from gallery.models import Notice
from gallery.moderation import take_down
from gallery.notices import uphold
from gallery.reminders import remind_of_notices
from gallery.sanctions import lift, strike
from tests.conftest import PASSWORD, join
from tests.gallery.conftest import Publish, finish, publish, send_in, weights
from tests.platform.hostile.answers import wrong_in_mail
from tests.platform.test_exports import make

__all__ = ["finish", "publish", "send_in", "weights"]

EVIL = "\"'><svg onload=x>{{31337|add:1}}\r\nBcc: eve@example.org\r\n\r\n<script>x</script>"
ONE_LINE = " ".join(EVIL.split())
TEMPLATES = Path(settings.BASE_DIR) / "templates"
FOLDERS = [TEMPLATES / app / "email" for app in ("accounts", "gallery")]
OURS = {str(path.relative_to(TEMPLATES)) for folder in FOLDERS for path in folder.iterdir()}
PEOPLE = {f"{name}@example.org" for name in ("alice", "bob", "charlie", "dora", "nobody")}


@pytest.fixture
def rendered() -> Iterator[set[str]]:
    names: set[str] = set()

    def note(template: Any, **kwargs: Any) -> None:
        names.add(template.name or "")

    template_rendered.connect(note)
    yield names
    template_rendered.disconnect(note)


def test_of_the_gallery_and_the_account(
    client: Client, alice: User, bob: User, charlie: User, publish: Publish, rendered: set[str]
) -> None:
    post, other = publish(alice, EVIL), publish(alice, EVIL)
    assert post.title == ONE_LINE
    write_comment(charlie, post, EVIL)
    User.objects.update(wants_digest=True)
    assert send_digests()
    fields = {
        "addresses": f"{settings.SITE_URL}/gallery/{post.code}/", "statement": EVIL, "name": EVIL, "signature": EVIL,
        "email": "dora@example.org", "is_in_good_faith": "on",
    }  # fmt: skip
    assert client.post("/notices/intimate-picture/", fields).status_code == 302
    hostile = {**fields, "email": "dora@example.org\r\nBcc: eve@example.org"}
    assert client.post("/notices/intimate-picture/", hostile).status_code == 400
    Notice.objects.update(due_at=timezone.now())
    assert remind_of_notices() == 1
    uphold(bob, Notice.objects.get(), EVIL)
    take_down(bob, other, EVIL)
    grant(join("dora", is_staff=True, is_superuser=True), send_appeal(alice, other, EVIL), EVIL)
    lift(bob, strike(bob, alice, EVIL), EVIL)
    make(charlie)
    begin_visit(join("erin", is_staff=True, is_superuser=True), alice, EVIL)
    leave(alice)
    check()
    assert OURS - rendered == set()
    bodies = "\n".join(str(each.body) for each in mail.outbox)
    assert bodies.count("<svg onload=x>") >= 4 and "31338" not in bodies


def test_of_signing_in(client: Client, alice: User) -> None:
    reset, agent = reverse("account_reset_password"), {"User-Agent": ONE_LINE}
    for address in (alice.email, "nobody@example.org", f"{alice.email}\r\nBcc: eve@example.org"):
        client.post(reset, {"email": address}, headers=agent)
    fields = {"username": "erin", "email": alice.email, "password1": PASSWORD, "password2": PASSWORD}
    client.post(reverse("account_signup"), fields, headers=agent)
    check()


def check() -> None:
    assert mail.outbox
    for each in mail.outbox:
        assert wrong_in_mail(each) == [] and set(each.recipients()) <= PEOPLE
