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
from gallery.commenting import take_back, write_comment
from gallery.models import Appeal, Comment, Decision, Sanction
from gallery.moderation import reject, report_comment, take_down
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
    with pytest.raises(Refusal, match="whoever objected reads it"):
        grant(dora, appeal, " \u200b ")
    grant(dora, appeal, "You\u202e are\nright.")
    post.refresh_from_db()
    appeal.refresh_from_db()
    assert post.is_public and (appeal.state, appeal.answer) == ("granted", "You are right.")
    assert mail.outbox[-1].to == [alice.email] and "You are right." in mail.outbox[-1].body
    with pytest.raises(Conflict):
        refuse(dora, appeal, "No.")


def test_a_comment_that_was_removed_returns(
    charlies: Client, bobs: Client, alice: User, bob: User, charlie: User, dora: User, publish: Publish
) -> None:
    post = publish(alice)
    comment = write_comment(charlie, post, "You <b>fool</b> me.")
    take_down(bob, comment, "It insults.")
    page = f"/appeals/comment/{comment.code}/"
    assert page in charlies.get("/notifications/").text
    assert "It insults." in charlies.get(page).text
    assert charlies.post(page, {"words": "It was a joke."}).status_code == 302
    appeal = Appeal.objects.get()
    case = bobs.get(f"/admin/gallery/claim/appeal/{appeal.pk}/").text
    assert "It was a joke." in case and "<b>fool" not in case and "It insults." in case
    with pytest.raises(NotAllowed):
        grant(bob, appeal, "Right.")
    grant(dora, appeal, "It was one.")
    assert Comment.objects.public().get() == comment
    assert mail.outbox[-1].to == [charlie.email]


def test_a_comment_that_reports_hid_returns(
    alice: User, bob: User, charlie: User, publish: Publish, settings: Settings
) -> None:
    settings.REPORTS_TO_HIDE = 1
    comment = write_comment(charlie, publish(alice), "I do not like it.")
    report_comment(alice, comment, "hateful")
    comment.refresh_from_db()
    assert comment.state == "hidden"
    grant(bob, send_appeal(charlie, comment, "One may say that."), "One may.")
    comment.refresh_from_db()
    assert comment.state == "approved" and not comment.reports.filter(closed_at=None).exists()


def test_what_its_author_takes_back_is_not_appealed(alice: User, charlie: User, publish: Publish) -> None:
    comment = write_comment(charlie, publish(alice), "Nice.")
    with pytest.raises(NotFound):
        send_appeal(alice, comment, "But.")
    take_back(charlie, comment)
    with pytest.raises(Conflict):
        send_appeal(charlie, comment, "But.")


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
