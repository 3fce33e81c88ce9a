"""Liking a public picture: one row and one point a person, however often and from wherever it is asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from accounts.models import User
from accounts.refusals import Conflict, Refusal
from config.deletion import take_away_work
from gallery.liking import like, unlike
from gallery.models import Like, Post
from gallery.publishing import withdraw_post
from tests.architecture.access_things import public_post
from tests.gallery.conftest import Publish


def points(post: Post) -> int:
    return Post.objects.get(pk=post.pk).points


def test_it_works(charlies: Client, charlie: User, alice: User, publish: Publish) -> None:
    post = publish(alice)
    before = Post.objects.get(pk=post.pk).score
    address = f"/gallery/{post.code}/"
    assert 'aria-pressed="false"' in charlies.get(address).text
    answer = charlies.post(f"{address}like/", {"liked": "1"})
    assert answer.headers["Location"] == address
    assert 'aria-pressed="true"' in charlies.get(address).text
    assert points(post) == 1 and Post.objects.get(pk=post.pk).score > before
    part = charlies.post(f"{address}like/", {"liked": ""}, headers={"HX-Request": "true"})
    assert part.status_code == 200 and 'aria-pressed="false"' in part.text and "<html" not in part.text
    assert points(post) == 0 and Post.objects.get(pk=post.pk).score == pytest.approx(before)
    assert not Like.objects.exists()


def test_said_twice_is_said_once(charlie: User, bob: User, alice: User, publish: Publish) -> None:
    post = publish(alice)
    assert like(charlie, post) and not like(charlie, post) and like(bob, post)
    assert points(post) == 2
    assert unlike(charlie, post) and not unlike(charlie, post)
    assert points(post) == 1


def test_ones_own_and_what_is_not_public_are_refused(
    charlies: Client, charlie: User, alices: Client, alice: User, publish: Publish, send_in: Publish
) -> None:
    post, waiting = publish(alice), send_in(alice)
    with pytest.raises(Refusal, match="yours"):
        like(alice, post)
    assert alices.post(f"/gallery/{post.code}/like/", {"liked": "1"}).status_code == 400
    assert charlies.post(f"/gallery/{waiting.code}/like/", {"liked": "1"}).status_code == 404
    withdraw_post(alice, post)
    with pytest.raises(Conflict):
        like(charlie, post)
    assert not Like.objects.exists()


def test_a_guest_signs_in_first(client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice)
    assert f"/accounts/login/?next=/gallery/{post.code}/" in client.get(f"/gallery/{post.code}/").text
    answer = client.post(f"/gallery/{post.code}/like/", {"liked": "1"})
    assert answer.headers["Location"].startswith("/accounts/login/")


def test_who_is_deleted_likes_nothing(charlie: User, alice: User, publish: Publish) -> None:
    post = publish(alice)
    like(charlie, post)
    take_away_work(charlie)
    assert points(post) == 0


@pytest.mark.django_db(transaction=True)
def test_a_hundred_at_once_make_one_row(charlie: User, alice: User) -> None:
    post = public_post(alice)

    def press(number: int) -> bool:
        try:
            return like(charlie, Post.objects.select_related("image").get(pk=post.pk))
        finally:
            connections.close_all()

    connection.close()
    with ThreadPoolExecutor(16) as pool:
        made: list[Any] = list(pool.map(press, range(100)))
    assert sum(made) == 1
    assert Like.objects.count() == points(post) == 1
