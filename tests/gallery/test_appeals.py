"""Appeals: by whom the decision is about, once for each, answered by somebody else than who decided."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.refusals import Conflict, NotAllowed, NotFound, Refusal
from gallery.appeals import grant, refuse, send_appeal
from gallery.models import Appeal, Decision, Sanction
from gallery.moderation import reject, take_down
from gallery.sanctions import appeal_token, ban, strike
from tests.gallery.conftest import Publish


def test_it_works(alices: Client, alice: User, bob: User, dora: User, publish: Publish) -> None:
    post = publish(alice)
    take_down(bob, post, "It copies somebody else's work.")
    page = f"/appeals/post/{post.code}/"
    assert page in alices.get("/gallery/mine/").text
    assert "It copies somebody else&#x27;s work." in alices.get(page).text
    assert alices.post(page, {"words": "It is my <b>own</b> work."}).status_code == 302
    appeal = Appeal.objects.get()
    assert "&lt;b&gt;own" in alices.get(page).text
    assert alices.post(page, {"words": "Again."}).status_code == 409
    with pytest.raises(NotAllowed) as refused:
        grant(bob, appeal, "Right.")
    assert refused.value.code == "same-person"
    grant(dora, appeal, "You are right.")
    post.refresh_from_db()
    appeal.refresh_from_db()
    assert post.is_public and appeal.state == "granted"
    assert mail.outbox[-1].to == [alice.email] and "You are right." in mail.outbox[-1].body
    with pytest.raises(Conflict):
        refuse(dora, appeal, "No.")


def test_the_only_moderator_answers_their_own(alice: User, bob: User, send_in: Publish) -> None:
    post = send_in(alice)
    reject(bob, post, "Too dark.")
    refuse(bob, send_appeal(alice, post, "It is night."), "It is too dark still.")
    post.refresh_from_db()
    assert post.state == "rejected"


def test_who_is_banned_objects_by_the_link_of_the_mail(
    client: Client,
    alice: User,
    bob: User,
    dora: User,
    settings: Settings,
) -> None:
    settings.BANS_NEED_TWO = False
    made = ban(bob, alice, "Spam.")
    page = f"/appeals/by-mail/{appeal_token(made)}/"
    assert "Spam." in client.get(page).text
    assert client.post(page, {"words": "I sent nothing."}).status_code == 302
    grant(dora, Appeal.objects.get(), "It was somebody else.")
    alice.refresh_from_db()
    made.refresh_from_db()
    assert alice.is_active and made.state == "lifted"
    assert client.get("/appeals/by-mail/forged:x:y/").status_code == 404


def test_charlie_gets_404(charlies: Client, charlie: User, alice: User, bob: User, send_in: Publish) -> None:
    post = send_in(alice)
    reject(bob, post, "Too dark.")
    assert charlies.get(f"/appeals/post/{post.code}/").status_code == 404
    assert charlies.get("/appeals/boring/x/").status_code == 404
    with pytest.raises(NotFound):
        send_appeal(charlie, post, "Let me.")


def test_what_cannot_be_objected_to(alice: User, bob: User, publish: Publish, send_in: Publish) -> None:
    with pytest.raises(Conflict):
        send_appeal(alice, publish(alice), "But.")
    expired = strike(bob, alice, "Rude.")
    Sanction.objects.update(ends_at=timezone.now() - timedelta(days=1))
    with pytest.raises(Conflict):
        send_appeal(alice, expired, "But.")
    post = send_in(alice, "Pear")
    reject(bob, post, "Too dark.")
    for words in ("", " ", "x" * 1001):
        with pytest.raises(Refusal):
            send_appeal(alice, post, words)
    old = timezone.now() - timedelta(days=181)
    QuerySet.update(Decision.objects.filter(post=post), at=old)
    with pytest.raises(Conflict) as refused:
        send_appeal(alice, post, "But.")
    assert refused.value.code == "too-late"
