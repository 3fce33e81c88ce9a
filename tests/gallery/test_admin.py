"""The moderators' screen: who enters, what it shows, and that it decides through the verbs."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from gallery.models import BlockedPhrase, Decision
from gallery.moderation import report
from gallery.publishing import withdraw_post
from tests.gallery.conftest import Publish

SCREEN, DECIDE = "/admin/gallery/post/", "/admin/gallery/post/decide/"
PART = {"X-Requested-With": "fetch"}


def test_it_shows_what_waits(bobs: Client, alice: User, send_in: Publish, publish: Publish) -> None:
    BlockedPhrase.objects.create(phrase="apple", effect="flag")
    post, done = send_in(alice, "<u>One</u>", tags=("red",)), publish(alice, "Two")
    page = bobs.get(SCREEN)
    assert page.status_code == 200
    assert post.code in page.text and done.code not in page.text
    for said in ("&lt;u&gt;One", "a red apple", "Says “apple”", "alice", f"{SCREEN}{post.pk}/picture/"):
        assert said in page.text
    assert done.code in bobs.get(f"{SCREEN}?state=approved").text


def test_it_says_what_becomes_of_a_switched_off_persons_posts(
    bobs: Client, alice: User, send_in: Publish, publish: Publish
) -> None:
    send_in(alice, "One")
    publish(alice, "Two")
    assert "switched off" not in bobs.get(SCREEN).text
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert "This still waits for you." in bobs.get(SCREEN).text
    assert "This stays public until you take it down." in bobs.get(f"{SCREEN}?state=approved").text


def test_switching_a_person_off_says_what_stays(
    admin_client: Client, alice: User, send_in: Publish, publish: Publish
) -> None:
    send_in(alice, "One")
    publish(alice, "Two")
    form = {"username": "alice", "email": alice.email, "plan": alice.plan_id, "date_joined_0": "2026-01-01"}
    answer = admin_client.post(
        f"/admin/accounts/user/{alice.pk}/change/", {**form, "date_joined_1": "12:00:00"}, follow=True
    )
    alice.refresh_from_db()
    assert not alice.is_active
    said = " ".join(str(message) for message in answer.context["messages"])
    assert "Pictures of alice that stay public: 1." in said
    assert "Pictures of alice that stay waiting for a moderator: 1." in said
    assert f'href="{SCREEN}?state=approved&amp;q=alice"' in said
    page = admin_client.get(f"{SCREEN}?state=approved&q=alice").text
    assert "Two" in page and "One" not in page


def test_pictures_of_waiting_posts_are_for_moderators(
    bobs: Client, alices: Client, client: Client, alice: User, send_in: Publish
) -> None:
    post = send_in(alice)
    address = f"{SCREEN}{post.pk}/picture/"
    assert bobs.get(address).content.startswith(b"RIFF")
    assert bobs.get(f"{address}?full").content.startswith(b"\x89PNG")
    assert bobs.get(address).headers["Cache-Control"].startswith("private")
    assert client.get(address).status_code == 302
    assert alices.get(address).status_code in {302, 403}
    withdraw_post(alice, post)
    assert bobs.get(address).status_code == 404


def test_approve_and_reject(bobs: Client, bob: User, alice: User, send_in: Publish) -> None:
    one, two = send_in(alice), send_in(alice)
    answer = bobs.post(DECIDE, {"code": one.code, "verb": "approve"}, headers=PART)
    counts = {"pending": 1, "approved": 1, "reported": 0}
    assert answer.json() == {"code": one.code, "detail": "Approved: “Apple”.", "counts": counts}
    assert bobs.post(DECIDE, {"code": two.code, "verb": "reject", "reason": "No."}).headers["Location"] == SCREEN
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.state, two.state) == ("approved", "rejected")
    assert Decision.objects.filter(who=bob).count() == 2


def test_undo(bobs: Client, admin_client: Client, alice: User, send_in: Publish) -> None:
    post = send_in(alice)
    bobs.post(DECIDE, {"code": post.code, "verb": "reject", "reason": "No."})
    other = admin_client.post(DECIDE, {"code": post.code, "verb": "undo"}, headers=PART)
    assert (other.status_code, other.json()["code"]) == (409, "nothing-to-undo")
    answer = bobs.post(DECIDE, {"code": post.code, "verb": "undo"}, headers=PART)
    assert answer.json()["detail"] == "Undone: “Apple”."
    assert answer.json()["counts"] == {"pending": 1, "reported": 0}
    again = bobs.post(DECIDE, {"code": post.code, "verb": "undo"}, headers=PART)
    assert (again.status_code, again.json()["code"]) == (409, "nothing-to-undo")
    page = bobs.get(SCREEN).text
    assert post.code in page and "data-undo" in page


def test_ones_own_post_shows_no_buttons(bobs: Client, bob: User, send_in: Publish) -> None:
    post = send_in(bob)
    page = bobs.get(SCREEN).text
    assert post.code in page and "another moderator decides" in page and 'value="approve"' not in page
    answer = bobs.post(DECIDE, {"code": post.code, "verb": "approve"}, headers=PART)
    assert (answer.status_code, answer.json()["code"]) == (403, "own-work")


def test_a_no_without_a_reason_is_refused(bobs: Client, alice: User, send_in: Publish) -> None:
    post = send_in(alice)
    answer = bobs.post(DECIDE, {"code": post.code, "verb": "reject"}, headers=PART)
    assert (answer.status_code, answer.json()["field"]) == (400, "reason")
    post.refresh_from_db()
    assert post.state == "pending"


@pytest.mark.parametrize("said", [{}, {"verb": "approve"}, {"code": "nothing", "verb": "approve"}, {"verb": "delete"}])
def test_nonsense_is_refused(bobs: Client, said: dict[str, str]) -> None:
    assert bobs.post(DECIDE, said, headers=PART).status_code == 404


def test_reports_bring_a_post_back(bobs: Client, alice: User, charlie: User, publish: Publish) -> None:
    post = publish(alice)
    report(charlie, post, "person", "That is <me>.")
    page = bobs.get(f"{SCREEN}?state=reported").text
    assert post.code in page and "That is &lt;me&gt;." in page
    bobs.post(DECIDE, {"code": post.code, "verb": "take_down", "reason": "A real person."})
    assert post.code not in bobs.get(f"{SCREEN}?state=reported").text


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/admin/", "/create/", "javascript:alert(1)"])
def test_the_way_back_stays_in_the_admin(bobs: Client, alice: User, send_in: Publish, back: str) -> None:
    answer = bobs.post(DECIDE, {"code": send_in(alice).code, "verb": "approve", "back": back})
    assert answer.headers["Location"] == SCREEN


def test_only_moderators_enter(alices: Client, client: Client, alice: User, send_in: Publish) -> None:
    post = send_in(alice)
    for browser in (alices, client):
        assert browser.get(SCREEN).status_code in {302, 403}
        assert browser.post(DECIDE, {"code": post.code, "verb": "approve"}).status_code in {302, 403}
    post.refresh_from_db()
    assert post.state == "pending"


def test_staff_without_the_group_stay_out(charlies: Client, charlie: User, alice: User, send_in: Publish) -> None:
    charlie.is_staff = True
    charlie.save(update_fields=["is_staff"])
    post = send_in(alice)
    assert charlies.get(SCREEN).status_code == 403
    assert charlies.get(f"{SCREEN}{post.pk}/picture/").status_code == 404
    assert charlies.post(DECIDE, {"code": post.code, "verb": "approve"}, headers=PART).status_code == 403


def test_decisions_can_be_read_and_not_written(bobs: Client, alice: User, send_in: Publish) -> None:
    post = send_in(alice)
    decision = post.last_decision
    assert "Sent in" in bobs.get("/admin/gallery/decision/").text
    assert "Sent in" in bobs.get(f"{SCREEN}{post.pk}/change/").text
    assert bobs.get("/admin/gallery/decision/add/").status_code == 403
    assert bobs.post(f"/admin/gallery/decision/{decision.pk}/change/", {"reason": "x"}).status_code == 403
    assert bobs.post(f"/admin/gallery/decision/{decision.pk}/delete/", {"post": "yes"}).status_code == 403
    assert bobs.post(f"{SCREEN}{post.pk}/change/", {"state": "approved"}).status_code == 403


def test_a_form_without_its_token_is_refused(bob: User, alice: User, send_in: Publish) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert strict.post(DECIDE, {"code": send_in(alice).code, "verb": "approve"}).status_code == 403


def test_without_javascript_it_says_so_and_is_not_hidden(bobs: Client) -> None:
    page = bobs.get(SCREEN).text
    told = "".join(part.partition("</noscript>")[0] for part in page.split("<noscript>")[1:])
    assert "The admin needs JavaScript" in told and "css/admin-noscript.css" in told
