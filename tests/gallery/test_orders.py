"""The orders of the gallery: the newest, what trends, and the top of a time; each with its filters and its pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.models import User
from gallery.models import Post
from gallery.views import index
from tests.gallery.conftest import Publish
from tests.gallery.test_gallery import codes
from tests.gallery.test_gallery import following as next_page

Rank = Callable[..., Post]


@pytest.fixture
def ranked(alice: User, publish: Publish) -> Rank:
    """A public post with so many points, this many days old."""

    def made(title: str, points: int, days: float, **fields: object) -> Post:
        post = publish(alice, title, **fields)
        Post.objects.filter(pk=post.pk).update(points=points, approved_at=timezone.now() - timedelta(days=days))
        Post.objects.rank(post.pk)
        return post

    return made


def test_the_newest_come_first(client: Client, ranked: Rank) -> None:
    old, new = ranked("Old", 100, 3), ranked("New", 0, 1)
    assert codes(client.get("/gallery/").text) == [new.code, old.code]


def test_ten_times_the_points_stand_as_high_as_a_day_younger(client: Client, ranked: Rank) -> None:
    liked, young, new = ranked("Liked", 200, 3), ranked("Young", 0, 1.5), ranked("New", 0, 0)
    assert codes(client.get("/gallery/?sort=trending").text) == [new.code, liked.code, young.code]


def test_a_point_more_moves_it_up(client: Client, ranked: Rank) -> None:
    first, second = ranked("First", 0, 0.5), ranked("Second", 0, 0.6)
    assert codes(client.get("/gallery/?sort=trending").text) == [first.code, second.code]
    Post.objects.filter(pk=second.pk).update(points=F("points") + 9)
    Post.objects.rank(second.pk)
    assert codes(client.get("/gallery/?sort=trending").text) == [second.code, first.code]


@pytest.mark.parametrize(
    ("period", "shown"), [("day", ["a"]), ("week", ["b", "a"]), ("month", ["c", "b", "a"]), ("", ["d", "c", "b", "a"])]
)
def test_the_top_of_a_time(client: Client, ranked: Rank, period: str, shown: list[str]) -> None:
    posts = {"a": ranked("A", 1, 0.5), "b": ranked("B", 2, 3), "c": ranked("C", 3, 20), "d": ranked("D", 4, 200)}
    page = client.get("/gallery/", {"sort": "top", "period": period}).text
    assert codes(page) == [posts[name].code for name in shown]


def test_an_order_keeps_the_filters_and_they_keep_it(client: Client, ranked: Rank) -> None:
    few, many = ranked("Few", 1, 0, tags=("red",)), ranked("Many", 5, 1, tags=("red",))
    ranked("Other", 9, 0, tags=("blue",))
    page = client.get("/gallery/?sort=top&tag=red").text
    assert codes(page) == [many.code, few.code]
    assert 'href="/gallery/?tag=blue&amp;sort=top"' in page and 'href="/gallery/?tag=red&amp;sort=trending"' in page


@pytest.mark.parametrize("sort", ["", "trending", "top"])
def test_pages_go_through_all_once(client: Client, ranked: Rank, monkeypatch: pytest.MonkeyPatch, sort: str) -> None:
    monkeypatch.setattr(index, "POSTS_A_PAGE", 2)
    # Equal in what orders them, so that the rows' own ids must.
    made = [ranked(f"No {number}", 3, 2).code for number in range(5)]
    Post.objects.update(approved_at=timezone.now(), score=1.5)
    address, seen, pages = f"/gallery/?sort={sort}", [], []
    while address:
        page = client.get(address).text
        seen += codes(page)
        pages.append(address)
        address = next_page(page)
    assert seen == made[::-1] and len(pages) == 3


@pytest.mark.parametrize(
    "query", ["sort=worst", "sort=", "period=week", "sort[]=top", "since=2026-13-40", "shape=round"]
)
def test_what_nobody_offers_is_left_out(client: Client, ranked: Rank, query: str) -> None:
    old = ranked("Old", 3, 90)
    assert codes(client.get(f"/gallery/?{query}").text) == [old.code]
