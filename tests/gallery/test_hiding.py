"""Enough people's reports hide a picture or a comment until a moderator has looked; once, and never by one alone."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.refusals import Conflict
from gallery.commenting import write_comment
from gallery.models import Comment, CommentReport, Decision, Post
from gallery.moderation import approve, keep, report, report_comment, take_down
from gallery.publishing import withdraw_post
from tests.conftest import join
from tests.gallery.conftest import Publish


def reported(post: Post, *people: User) -> Post:
    for person in people:
        report(person, post, "sexual")
    post.refresh_from_db()
    return post


@pytest.fixture
def crowd(db: None) -> list[User]:
    return [join(f"person{number}") for number in range(4)]


def test_it_works(client: Client, alices: Client, alice: User, bob: User, crowd: list[User], publish: Publish) -> None:
    post = publish(alice)
    first = post.approved_at
    assert reported(post, *crowd[:2]).is_public, "two are not enough"
    assert reported(post, crowd[2]).state == "hidden"
    assert client.get(f"/gallery/{post.code}/").status_code == 404
    assert "3 people reported it." in alices.get("/gallery/mine/").text
    hidden = post.decisions.first()
    assert hidden is not None
    assert hidden.verb == "hide" and hidden.who is None and str(hidden) == "Hidden after reports by the site"
    approve(bob, post)
    assert post.is_public and post.approved_at == first, "it returns to its place among the others"
    assert not post.reports.filter(closed_at=None).exists()


def test_one_person_hides_nothing(alice: User, charlie: User, publish: Publish) -> None:
    post = publish(alice)
    report(charlie, post, "other")
    for _ in range(5):
        with pytest.raises(Conflict):
            report(charlie, post, "other")
    post.refresh_from_db()
    assert post.is_public


def test_where_a_moderator_has_looked_reports_only_ask_again(
    alice: User, bob: User, crowd: list[User], publish: Publish, settings: Settings
) -> None:
    settings.REPORTS_TO_HIDE = 2
    post = publish(alice)
    reported(post, crowd[0])
    keep(bob, post)
    assert reported(post, *crowd[1:]).is_public
    assert post.reports.filter(closed_at=None).count() == 3


def test_never_where_it_is_switched_off(alice: User, crowd: list[User], publish: Publish, settings: Settings) -> None:
    settings.REPORTS_TO_HIDE = 0
    assert reported(publish(alice), *crowd).is_public


def test_what_is_hidden_may_be_taken_down_or_withdrawn(
    alice: User, bob: User, crowd: list[User], publish: Publish
) -> None:
    post, other = publish(alice), publish(alice, "Pear")
    take_down(bob, reported(post, *crowd[:3]), "It is what they say.")
    assert post.state == "taken_down"
    withdraw_post(alice, reported(other, *crowd[:3]))
    assert other.state == "withdrawn"
    assert Decision.objects.filter(verb="hide").count() == 2


def complained_of(comment: Comment, *people: User) -> Comment:
    for person in people:
        report_comment(person, comment, "hateful")
    comment.refresh_from_db()
    return comment


def test_a_comment_is_hidden_too(
    client: Client, charlies: Client, alice: User, bob: User, charlie: User, crowd: list[User], publish: Publish
) -> None:
    post = publish(alice)
    comment = write_comment(charlie, post, "You are ugly.")
    first = comment.approved_at
    assert complained_of(comment, *crowd[:2]).state == "approved", "two are not enough"
    assert complained_of(comment, crowd[2]).state == "hidden"
    for address in (f"/gallery/{post.code}/", f"/gallery/{post.code}/comments/", f"/api/v1/posts/{post.code}/comments"):
        assert "You are ugly." not in client.get(address).text
    assert "3 people reported it." in charlies.get("/notifications/").text
    with pytest.raises(Conflict):
        report_comment(crowd[3], comment, "hateful")
    approve(bob, comment)
    assert comment.state == "approved" and comment.approved_at == first, "it returns to its place among the others"
    assert "You are ugly." in client.get(f"/gallery/{post.code}/").text
    assert not CommentReport.objects.filter(closed_at=None).exists()


def test_a_comment_that_a_moderator_kept_stays(
    alice: User, bob: User, charlie: User, crowd: list[User], publish: Publish, settings: Settings
) -> None:
    settings.REPORTS_TO_HIDE = 2
    comment = write_comment(charlie, publish(alice), "I do not like it.")
    complained_of(comment, crowd[0])
    keep(bob, comment)
    assert complained_of(comment, *crowd[1:]).state == "approved"
    assert comment.reports.filter(closed_at=None).count() == 3


def test_one_person_hides_no_comment(alice: User, charlie: User, publish: Publish) -> None:
    comment = write_comment(charlie, publish(alice), "Nice.")
    report_comment(alice, comment, "other")
    for _ in range(5):
        with pytest.raises(Conflict):
            report_comment(alice, comment, "other")
    comment.refresh_from_db()
    assert comment.state == "approved"
