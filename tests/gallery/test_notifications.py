"""What others do is told: in the bell until it is seen, grouped while it is not, and by mail once a day by choice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from gallery import digests, notifying
from gallery.commenting import write_comment
from gallery.following import follow, unfollow
from gallery.liking import like, unlike
from gallery.models import Notification, Post
from gallery.moderation import take_down
from gallery.notifying import lines_of
from tests.conftest import join
from tests.gallery.conftest import Publish, unread


def sentences(user: User) -> list[str]:
    return [line.sentence for line in lines_of(notifying.newest_of(user).order_by("-at", "-pk"))]


@pytest.fixture
def post(alice: User, alices: Client, publish: Publish) -> Post:
    """A public post of alice's, of which she has heard."""
    made = publish(alice, "Apple")
    alices.get("/notifications/")
    assert unread(alice) == 0
    return made


def test_it_works(alices: Client, alice: User, charlie: User, post: Post) -> None:
    like(charlie, post)
    follow(charlie, alice)
    write_comment(charlie, post, "Nice <b>light</b>.")
    assert '3</span><span class="unseen">new notifications' in alices.get("/gallery/").text
    page = alices.get("/notifications/").text
    for sentence in ("charlie likes “Apple”", "charlie follows you", "charlie commented on “Apple”"):
        assert sentence in page
    assert f'href="/gallery/{post.code}/"' in page and page.count(">New<") == 3
    assert unread(alice) == 0 and ">New<" not in alices.get("/notifications/").text


def test_likes_are_counted_together_until_they_are_read(
    alices: Client, alice: User, bob: User, charlie: User, post: Post
) -> None:
    like(charlie, post)
    like(bob, post)
    like(join("dora"), post)
    assert unread(alice) == 1 and sentences(alice) == ["dora and 2 others like “Apple”"]
    alices.get("/notifications/")
    like(join("emil"), post)
    assert unread(alice) == 1 and sentences(alice)[0] == "emil likes “Apple”"


def test_comments_are_counted_and_not_people(alice: User, charlie: User, post: Post) -> None:
    write_comment(charlie, post, "Nice.")
    write_comment(charlie, post, "Very nice.")
    assert sentences(alice) == ["2 new comments on “Apple”"]


def test_what_is_taken_back_is_not_told(alice: User, bob: User, charlie: User, post: Post) -> None:
    for _ in range(3):
        like(charlie, post)
        unlike(charlie, post)
        follow(charlie, alice)
        unfollow(charlie, alice)
    assert unread(alice) == 0
    like(bob, post)
    like(charlie, post)
    unlike(charlie, post)
    assert sentences(alice) == ["Somebody likes “Apple”"]


def test_nobody_is_told_of_themselves_and_others_see_nothing(
    charlies: Client, client: Client, alice: User, charlie: User, post: Post
) -> None:
    write_comment(alice, post, "Mine.")
    assert unread(alice) == 0
    like(charlie, post)
    assert "likes “" not in charlies.get("/notifications/").text
    assert unread(alice) == 1
    assert client.get("/notifications/").headers["Location"].startswith("/accounts/login/")


def test_a_removed_comment_is_told_with_its_reason(charlies: Client, charlie: User, bob: User, post: Post) -> None:
    comment = write_comment(charlie, post, "You are ugly.")
    take_down(bob, comment, "Be kind.")
    assert unread(charlie) == 1
    page = charlies.get("/notifications/").text
    assert "Be kind." in page and "You are ugly." in page
    assert unread(charlie) == 0


def test_it_is_bounded(alice: User, charlie: User, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "MOST_KEPT", 2)
    for _ in range(4):
        write_comment(charlie, post, "Nice.")
        Notification.objects.filter(person=alice).update(read_at=timezone.now())
    assert Notification.objects.filter(person=alice).count() == 2


def test_a_digest_is_sent_once_a_day_to_who_asked(
    alices: Client, alice: User, charlie: User, post: Post, settings: Any
) -> None:
    settings.EMAIL_HOST = ""
    like(charlie, post)
    assert digests.send_digests() == 0
    alices.post("/account/notifications/", {"wants_digest": "on"})
    assert digests.send_digests() == 1 and digests.send_digests() == 0
    assert mail.outbox[0].to == [alice.email]
    body = str(mail.outbox[0].body)
    assert "charlie likes “Apple”" in body and "/notifications/" in body and "/account/notifications/" in body
    yesterday = timezone.now() - timedelta(hours=25)
    User.objects.filter(pk=alice.pk).update(digest_at=yesterday)
    Notification.objects.filter(person=alice).update(at=yesterday - timedelta(hours=1))
    assert digests.send_digests() == 0, "it was in the last one"
    alices.post("/account/notifications/", {})
    User.objects.filter(pk=alice.pk).update(digest_at=None)
    assert digests.send_digests() == 0


def test_nothing_new_is_no_mail(alice: User, post: Post) -> None:
    User.objects.filter(pk=alice.pk).update(wants_digest=True)
    assert digests.send_digests() == 0 and not mail.outbox
