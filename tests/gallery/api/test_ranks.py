"""The gallery by rank over the API: each post once, however many have the same points."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from gallery.liking import like
from gallery.models import Post
from tests.gallery.conftest import Publish


def pages(client: Client, address: str) -> list[list[str]]:
    """The codes of each page, by the addresses that the pages name."""
    found = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.content
        page: dict[str, Any] = answer.json()
        assert page["previous"] is None
        found.append([post["code"] for post in page["results"]])
        address = page["next"]
    return found


def test_the_most_liked_come_first(client: Client, alice: User, bob: User, charlie: User, publish: Publish) -> None:
    posts = [publish(alice, title) for title in ("One", "Two", "Three", "Four", "Five")]
    like(bob, posts[1])
    like(charlie, posts[1])
    like(bob, posts[3])
    one, two, three, four, five = (post.code for post in posts)
    assert pages(client, "/api/v1/posts?sort=top&limit=2") == [[two, four], [five, three], [one]]
    assert pages(client, "/api/v1/posts?sort=top") == [[two, four, five, three, one]]
    Post.objects.filter(code=two).update(approved_at=timezone.now() - timedelta(days=2))
    assert pages(client, "/api/v1/posts?sort=top&period=day&limit=3") == [[four, five, three], [one]]
    assert pages(client, "/api/v1/posts?sort=top&period=week&limit=1")[0] == [two]


def test_what_trends_comes_first(client: Client, alice: User, bob: User, publish: Publish) -> None:
    old, new = publish(alice, "Old"), publish(alice, "New")
    like(bob, old)
    by_score = list(Post.objects.order_by("-score", "-pk").values_list("code", flat=True))
    assert pages(client, "/api/v1/posts?sort=trending&limit=1") == [[code] for code in by_score]
    assert set(by_score) == {old.code, new.code}


def test_filters_hold_in_every_order(client: Client, alice: User, publish: Publish) -> None:
    red = publish(alice, "Red", tags=("red",))
    publish(alice, "Blue", tags=("blue",))
    assert pages(client, "/api/v1/posts?sort=top&tag=red") == pages(client, "/api/v1/posts?sort=trending&tag=red")
    assert pages(client, "/api/v1/posts?sort=top&tag=red") == [[red.code]]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("sort=best", "bad-sort"),
        ("sort=", "bad-sort"),
        ("sort=top&period=year", "bad-period"),
        ("period=day", "bad-period"),
        ("sort=trending&period=day", "bad-period"),
        ("sort=top&limit=0", "bad-limit"),
        ("sort=top&cursor=x", "bad-cursor"),
    ],
)
def test_what_is_no_order_is_refused(client: Client, query: str, code: str) -> None:
    answer = client.get(f"/api/v1/posts?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_cursor_of_another_order_is_refused(client: Client, alice: User, publish: Publish) -> None:
    for title in ("One", "Two"):
        publish(alice, title)
    newest = client.get("/api/v1/posts?limit=1").json()["next"]
    assert client.get(f"{newest}&sort=top").json()["code"] == "bad-cursor"
    top = client.get("/api/v1/posts?sort=top&limit=1").json()["next"]
    assert client.get(top.replace("sort=top", "sort=trending")).json()["code"] == "bad-cursor"
    assert client.get(top.replace("sort=top", "")).json()["code"] == "bad-cursor"
