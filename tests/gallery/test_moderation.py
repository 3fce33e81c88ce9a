"""Approve, reject, take down, keep: who may, from where, and what is written down."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from pytest_django import Settings

from accounts.models import User
from accounts.refusals import Conflict, NotAllowed, Refusal
from gallery.models import Decision, Post
from gallery.moderation import approve, is_moderator, keep, reject, report, take_down, undo
from gallery.publishing import withdraw_post
from generation.jobs.deletion import delete_images
from tests.gallery.conftest import Publish


def test_approve_works(alice: User, bob: User, send_in: Publish) -> None:
    post = send_in(alice)
    decision = approve(bob, post)
    assert post.is_public and post.approved_at is not None
    assert (decision.who, decision.from_state, decision.to_state) == (bob, "pending", "approved")
    assert list(Post.objects.public()) == [post]


def test_reject_works(alice: User, bob: User, send_in: Publish) -> None:
    post = send_in(alice)
    decision = reject(bob, post, "  Too   dark. ")
    assert (post.state, decision.reason) == ("rejected", "Too dark.")
    assert not Post.objects.public().exists()


def test_take_down_works(alice: User, bob: User, publish: Publish) -> None:
    post = publish(alice)
    take_down(bob, post, "A real person.")
    assert (post.state, post.approved_at) == ("taken_down", None)


def test_a_moderator_may_think_again(alice: User, bob: User, publish: Publish) -> None:
    post = publish(alice)
    take_down(bob, post, "By mistake.")
    approve(bob, post)
    assert post.is_public


@pytest.mark.parametrize("verb", [reject, take_down])
@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_a_no_says_why(alice: User, bob: User, send_in: Publish, verb: Callable[..., Decision], reason: str) -> None:
    post = send_in(alice)
    if verb is take_down:
        approve(bob, post)
    before = (post.state, Decision.objects.count())
    with pytest.raises(Refusal) as refused:
        verb(bob, post, reason)
    assert refused.value.field == "reason"
    post.refresh_from_db()
    assert (post.state, Decision.objects.count()) == before


def test_only_moderators_decide(alice: User, charlie: User, send_in: Publish) -> None:
    post = send_in(alice)
    for person in (alice, charlie):
        for verb in (approve, reject, take_down, keep):
            with pytest.raises(NotAllowed):
                verb(person, post, "because")
    assert Decision.objects.count() == 1


def test_nobody_decides_without_a_second_factor(alice: User, bob: User, send_in: Publish, settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = True
    post = send_in(alice)
    for verb in (approve, reject, take_down, keep):
        with pytest.raises(NotAllowed) as refused:
            verb(bob, post, "because")
        assert refused.value.code == "no-second-factor"
    Authenticator.objects.create(user=bob, type=Authenticator.Type.TOTP, data={})
    approve(bob, post)
    assert post.is_public


def test_who_is_a_moderator(alice: User, bob: User) -> None:
    assert is_moderator(bob)
    alice.groups.add(Group.objects.get(name="moderator"))
    assert not is_moderator(alice), "the group alone is not enough: it takes staff"
    bob.is_active = False
    assert not is_moderator(bob)


def test_nobody_decides_about_their_own(bob: User, send_in: Publish) -> None:
    post = send_in(bob)
    for verb in (approve, reject, take_down, keep):
        with pytest.raises(NotAllowed, match="another moderator") as refused:
            verb(bob, post, "because")
        assert refused.value.code == "own-work"
    post.refresh_from_db()
    assert (post.state, Decision.objects.count()) == ("pending", 1)


def test_of_two_decisions_one_happens(alice: User, bob: User, send_in: Publish) -> None:
    post = send_in(alice)
    seen_by_another = Post.objects.select_related("image").get()
    reject(bob, post, "No.")
    with pytest.raises(Conflict, match="quicker"):
        approve(bob, seen_by_another)
    assert Post.objects.get().state == "rejected"
    assert Decision.objects.count() == 2


def test_nobody_publishes_what_its_author_withdrew(alice: User, bob: User, send_in: Publish) -> None:
    post = send_in(alice)
    withdraw_post(alice, post)
    with pytest.raises(Conflict):
        approve(bob, post)


def test_a_deleted_picture_is_not_approved(alice: User, bob: User, send_in: Publish) -> None:
    post = send_in(alice)
    assert post.image is not None
    delete_images(alice, [post.image.code])
    with pytest.raises(Conflict, match="deleted"):
        approve(bob, Post.objects.select_related("image").get())


def test_decisions_are_written_once(alice: User, bob: User, send_in: Publish) -> None:
    decision = approve(bob, send_in(alice))
    decision.reason = "Something else."
    with pytest.raises(TypeError):
        decision.save()
    with pytest.raises(TypeError):
        decision.delete()
    with pytest.raises(TypeError):
        Decision.objects.update(reason="Something else.")
    with pytest.raises(TypeError):
        Decision.objects.all().delete()
    assert Decision.objects.get(pk=decision.pk).reason == ""


def test_keep_closes_the_reports(alice: User, bob: User, charlie: User, publish: Publish) -> None:
    post = publish(alice)
    made = report(charlie, post, "hateful", "It is.")
    keep(bob, post)
    made.refresh_from_db()
    assert made.closed_at is not None and post.is_public


def test_the_database_holds_an_approved_post_to_its_time(alice: User, send_in: Publish) -> None:
    send_in(alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        Post.objects.update(state="approved")


@pytest.mark.parametrize("verb", [approve, reject])
def test_undo_puts_it_back(alice: User, bob: User, send_in: Publish, verb: Callable[..., Decision]) -> None:
    post = send_in(alice)
    verb(bob, post, "Because.")
    decision = undo(bob, post)
    assert (post.state, post.approved_at) == ("pending", None)
    assert (decision.who, decision.from_state != "pending", decision.to_state) == (bob, True, "pending")
    assert not Post.objects.public().exists()
    with pytest.raises(Conflict, match="not the last one"):
        undo(bob, post)


def test_undo_of_a_take_down_is_as_if_it_had_not_been(alice: User, bob: User, charlie: User, publish: Publish) -> None:
    post = publish(alice)
    before = post.approved_at
    complaint = report(charlie, post, "person")
    take_down(bob, post, "A real person.")
    complaint.refresh_from_db()
    assert complaint.closed_at is not None
    undo(bob, post)
    complaint.refresh_from_db()
    assert post.is_public and post.approved_at is not None and before is not None and complaint.closed_at is None
    assert abs((post.approved_at - before).total_seconds()) < 5, "it keeps its place in the gallery"


def test_undo_is_for_a_moment_and_for_what_nobody_touched_since(
    alice: User, bob: User, send_in: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, withdrawn = send_in(alice), send_in(alice)
    approve(bob, withdrawn)
    withdraw_post(alice, withdrawn)
    with pytest.raises(Conflict, match="not the last one"):
        undo(bob, withdrawn)
    with pytest.raises(NotAllowed):
        undo(alice, post)
    approve(bob, post)
    monkeypatch.setattr("gallery.moderation.UNDO_SECONDS", 0)
    with pytest.raises(Conflict, match="too late"):
        undo(bob, post)
    assert post.is_public


def test_undo_of_a_kept_post_opens_its_reports(alice: User, bob: User, charlie: User, publish: Publish) -> None:
    post = publish(alice)
    complaint = report(charlie, post, "copied")
    keep(bob, post)
    undo(bob, post)
    complaint.refresh_from_db()
    assert post.is_public and complaint.closed_at is None


def test_a_take_down_of_a_picture_that_is_gone_stays(alice: User, bob: User, publish: Publish) -> None:
    post = publish(alice)
    take_down(bob, post, "No.")
    assert post.image is not None
    delete_images(alice, [post.image.code])
    post.refresh_from_db()
    with pytest.raises(Conflict, match="deleted"):
        undo(bob, post)
