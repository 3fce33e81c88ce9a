"""Visits of the staff to somebody's pages: who may, what is closed meanwhile, when it ends, and what is kept of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.entrance_models import Visit
from accounts.models import User
from accounts.refusals import NotAllowed, Refusal
from accounts.sessions import sign_in_of
from accounts.visits import begin_visit, end_unnoticed
from config.exports.account import visits as told_in_a_copy
from tests.conftest import PASSWORD, join

REASON = "Ticket 12: her pictures do not load."
CLOSED = (
    "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/sessions/", "/accounts/3rdparty/",
    "/account/tokens/", "/account/export/", "/account/export/file", "/account/delete/", "/webhooks/", "/admin/",
    "/api/v1/me", "/v1/models", "/accounts/logout/",
)  # fmt: skip
POSTS = ("/create/", "/account/tokens/", "/images/delete/", "/account/delete/", "/accounts/logout/", "/accounts/email/")


@pytest.fixture
def sam(db: None) -> User:
    """Of the support: may look at people and visit them, and is no administrator."""
    sam = join("sam", is_staff=True)
    sam.user_permissions.add(*Permission.objects.filter(codename__in=["visit_people", "view_user"]))
    return sam


@pytest.fixture
def visiting(sam: User, alice: User, signed_in: Any) -> Client:
    client: Client = signed_in(sam)
    assert client.post(f"/admin/accounts/user/{alice.pk}/visit/", {"reason": REASON})["Location"] == "/"
    return client


def test_it_works(visiting: Client, alice: User, sam: User) -> None:
    page = visiting.get("/account/")
    assert page.context["user"] == alice and alice.email in page.text
    assert "You are visiting <strong>alice</strong>" in page.text and page["Cache-Control"] == "private, no-store"
    assert "visiting" in visiting.get("/gallery/").text
    ended = visiting.post("/visit/end/")
    assert ended["Location"] == f"/admin/accounts/user/{alice.pk}/change/"
    assert visiting.get("/account/").context["user"] == sam and "visiting" not in visiting.get("/account/").text
    visit = Visit.objects.get()
    assert (visit.by, visit.person, visit.reason) == (sam, alice, REASON) and visit.ended_at is not None
    words = LogEntry.objects.order_by("pk").values_list("user__username", "object_repr", "change_message")
    assert list(words) == [
        ("sam", "alice", f"Visited for support: {REASON}"), ("sam", "alice", "The visit for support is over."),
    ]  # fmt: skip
    assert [row["reason"] for row in told_in_a_copy(alice)] == [REASON]


def test_the_person_is_told_by_mail(visiting: Client, alice: User, sam: User) -> None:
    (told,) = [each for each in mail.outbox if each.to == [alice.email]]
    assert told.subject == "Support is looking at your pages" and f"they wrote: {REASON}" in told.body
    assert f"at {Visit.objects.get().ends_at:%H:%M} UTC" in told.body and sam.username not in told.body
    visiting.get("/account/")
    with pytest.raises(Refusal):
        begin_visit(sam, alice, "")
    assert len([each for each in mail.outbox if each.to == [alice.email]]) == 1


@pytest.mark.parametrize("path", CLOSED)
def test_what_is_closed(visiting: Client, path: str) -> None:
    answer = visiting.get(path)
    assert answer.status_code == 403 and "End the visit first" in answer.text, answer.status_code


@pytest.mark.parametrize("path", POSTS)
def test_nothing_is_changed(visiting: Client, path: str) -> None:
    answer = visiting.post(path, {"prompt": "a red apple", "name": "x"})
    assert answer.status_code == 403 and "change nothing" in answer.text
    script = visiting.post(path, headers={"X-Requested-With": "fetch"})
    assert script.status_code == 403 and script.json()["code"] == "during-visit"


def test_sockets_stay_closed(visiting: Client) -> None:
    key = visiting.cookies["sessionid"].value
    assert sign_in_of(key) is None
    visiting.post("/visit/end/")
    assert sign_in_of(key) is not None


def test_it_runs_out(visiting: Client, sam: User, settings: Settings) -> None:
    visit = Visit.objects.get()
    assert visit.ends_at - visit.began_at == timedelta(minutes=settings.VISIT_MINUTES)
    Visit.objects.update(ends_at=timezone.now())
    assert visiting.get("/account/").context["user"] == sam
    visit.refresh_from_db()
    assert visit.ended_at == visit.ends_at and LogEntry.objects.count() == 2
    begin_visit(sam, visit.person, REASON)
    Visit.objects.filter(ended_at=None).update(ends_at=timezone.now())
    assert (end_unnoticed(), end_unnoticed()) == (1, 0)


@pytest.mark.parametrize("change", ["permission", "closed", "staff"])
def test_it_ends_where_it_may_not_be_any_more(visiting: Client, sam: User, alice: User, change: str) -> None:
    if change == "permission":
        sam.user_permissions.clear()
    elif change == "closed":
        User.objects.filter(pk=alice.pk).update(is_active=False)
    else:
        User.objects.filter(pk=alice.pk).update(is_staff=True)
    assert visiting.get("/account/").context["user"] == sam
    assert Visit.objects.get().ended_at is not None


def test_who_signs_out_elsewhere_visits_nobody(visiting: Client, sam: User) -> None:
    sam.set_password("another long password")
    sam.save()
    assert visiting.get("/account/").status_code == 302


def test_who_may_not(sam: User, alice: User, bob: User, charlie: User, settings: Settings, admin_user: User) -> None:
    for actor, person in ((bob, alice), (charlie, alice), (sam, bob), (sam, sam), (admin_user, bob), (sam, admin_user)):
        with pytest.raises(NotAllowed):
            begin_visit(actor, person, REASON)
    for reason in ("", "because", "x" * 301):
        with pytest.raises(Refusal) as refused:
            begin_visit(sam, alice, reason)
        assert refused.value.field == "reason"
    settings.STAFF_SECOND_FACTOR = True
    with pytest.raises(NotAllowed, match="second factor"):
        begin_visit(sam, alice, REASON)
    assert not Visit.objects.exists()


def test_the_form_says_what_is_refused(sam: User, alice: User, bob: User, signed_in: Any) -> None:
    client = signed_in(sam)
    assert "change nothing" in client.get(f"/admin/accounts/user/{alice.pk}/visit/").text
    short = client.post(f"/admin/accounts/user/{alice.pk}/visit/", {"reason": "so"})
    assert short.status_code == 400 and "Write why" in short.text
    assert "not visited" in client.post(f"/admin/accounts/user/{bob.pk}/visit/", {"reason": REASON}).text
    assert client.get("/account/").context["user"] == sam


def test_signing_in_anew_is_no_visit(client: Client, visiting: Client, alice: User) -> None:
    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    page = client.get("/account/")
    assert page.context["user"] == alice and "visiting" not in page.text
