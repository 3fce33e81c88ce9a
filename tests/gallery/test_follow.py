"""Following an author: from their page, once, and the feed that comes of it."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.refusals import NotFound, QuotaExceeded, Refusal
from config.deletion import take_away_work
from gallery import following, search
from gallery.models import Follow
from gallery.publishing import withdraw_post
from generation.jobs.deletion import delete_images
from tests.conftest import join
from tests.gallery.conftest import Publish


def test_it_works(charlies: Client, charlie: User, alice: User, publish: Publish) -> None:
    post, other = publish(alice, "Apple"), publish(join("emil"), "Pear")
    assert "Nothing new here yet" in charlies.get("/gallery/following/").text
    assert 'name="followed" value="1"' in charlies.get("/by/alice/").text
    assert charlies.post("/by/alice/follow/", {"followed": "1"}).headers["Location"] == "/by/alice/"
    page = charlies.get("/by/alice/").text
    assert 'name="followed" value=""' in page and "1 follower<" in page
    feed = charlies.get("/gallery/following/").text
    assert f"/gallery/{post.code}/" in feed and f"/gallery/{other.code}/" not in feed
    part = charlies.post("/by/alice/follow/", {"followed": ""}, headers={"HX-Request": "true"}).text
    assert "0 followers" in part and "<html" not in part
    assert f"/gallery/{post.code}/" not in charlies.get("/gallery/following/").text


def test_the_feed_shows_only_what_is_public(
    charlies: Client, charlie: User, alice: User, publish: Publish, send_in: Publish
) -> None:
    shown, withdrawn, deleted, waiting = publish(alice), publish(alice), publish(alice), send_in(alice)
    following.follow(charlie, alice)
    withdraw_post(alice, withdrawn)
    assert deleted.image is not None
    delete_images(alice, [deleted.image.code])
    feed = charlies.get("/gallery/following/").text
    assert shown.code in feed
    assert not any(post.code in feed for post in (withdrawn, deleted, waiting))


def test_few_among_many_are_found_by_their_authors(
    charlie: User, alice: User, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    emil = join("emil")
    old, _, other = publish(alice), publish(emil), publish(emil)
    following.follow(charlie, alice)
    monkeypatch.setattr(search, "WALKED", 1)
    found = following.feed_of(charlie).order_by("-approved_at", "-pk")[:10]
    assert found == [old] and other not in found


def test_said_twice_is_said_once_and_nobody_follows_themselves(
    alices: Client, charlie: User, alice: User, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(alice)
    assert following.follow(charlie, alice) and not following.follow(charlie, alice)
    assert following.unfollow(charlie, alice) and not following.unfollow(charlie, alice)
    with pytest.raises(Refusal, match="your own"):
        following.follow(alice, alice)
    assert 'name="followed"' not in alices.get("/by/alice/").text
    monkeypatch.setattr(following, "MOST_FOLLOWED", 0)
    with pytest.raises(QuotaExceeded):
        following.follow(charlie, alice)


def test_who_shows_nothing_is_nobody(charlies: Client, client: Client, alice: User, send_in: Publish) -> None:
    send_in(alice)
    assert charlies.post("/by/alice/follow/", {"followed": "1"}).status_code == 404
    assert charlies.post("/by/nobody/follow/", {"followed": "1"}).status_code == 404
    with pytest.raises(NotFound):
        following.author_named("alice")
    assert client.get("/gallery/following/").headers["Location"].startswith("/accounts/login/")


def test_who_is_deleted_follows_nobody(charlie: User, alice: User, bob: User, publish: Publish) -> None:
    following.follow(charlie, alice)
    following.follow(bob, charlie)
    take_away_work(charlie)
    assert not Follow.objects.exists()
