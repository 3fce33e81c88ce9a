"""Finding in two steps: looking through the next posts, and asking the index, come to the same on every database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from gallery import search
from gallery.models import Post
from gallery.publishing import publish_image, withdraw_post
from gallery.views import index
from generation.models import GeneratedImage
from tests.gallery.conftest import Finish, Publish
from tests.gallery.test_gallery import codes, following


@pytest.fixture(params=["looked through", "looked deeper", "looked up"])
def step(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Each way is taken in turn: the first finds nothing where none is walked past, and goes on where one matched."""
    if request.param == "looked deeper":
        monkeypatch.setattr(search, "WALKED", 1)
        monkeypatch.setattr(search, "DEEPEST", 10_000)
    if request.param == "looked up":
        monkeypatch.setattr(search, "WALKED", 0)
    return request.param


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "apple"}, ["red"]),
        ({"q": "APP tab"}, ["red"]),
        ({"q": "pple"}, []),
        ({"q": "straße"}, ["tree"]),
        ({"q": "a"}, ["red", "tree"]),
        ({"q": "a red"}, ["red"]),
        ({"q": "red OR tree"}, []),
        ({"q": '"red" * - ^ : ( facets'}, []),
        ({"q": "square"}, []),
        ({"q": "日本"}, ["tree"]),
        ({"tag": "still life"}, ["red", "tree"]),
        ({"tag": "still"}, []),
        ({"tag": "still life", "shape": "portrait"}, ["tree"]),
        ({"shape": "square"}, ["red"]),
        ({"shape": "landscape"}, []),
        ({"checkpoint": "base", "q": "apple"}, ["red"]),
        ({"checkpoint": "nobody's"}, []),
        ({"author": "ALICE", "tag": "still life"}, ["red", "tree"]),
        ({"author": "charlie"}, []),
        ({"since": "2026-03-01"}, ["tree"]),
        ({"until": "2026-01-31", "q": "a"}, ["red"]),
        ({"since": "2026-01-31", "until": "2026-01-31"}, ["red"]),
        ({"since": "2026-03-01", "sort": "top"}, ["tree"]),
        ({"until": "2026-02-01", "sort": "trending", "tag": "still life"}, ["red"]),
    ],
)
def test_it_finds_the_same(
    client: Client, alice: User, publish: Publish, step: str, query: dict[str, str], found: list[str]
) -> None:
    named = {
        "red": publish(alice, "Red", tags=("still life",), prompt="an apple on a table", width=64),
        "tree": publish(alice, "日本 tree", tags=("still life",), prompt="a tree in a straße", height=120),
    }
    for name, month in (("red", 1), ("tree", 3)):
        at = datetime(2026, month, 31, 23, 59, tzinfo=UTC)
        Post.objects.filter(pk=named[name].pk).update(approved_at=at)
    page = client.get("/gallery/", query).text
    assert sorted(codes(page)) == sorted(named[name].code for name in found)


def test_what_is_sent_in_anew_is_found_by_its_new_words(
    client: Client, alice: User, bob: User, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "WALKED", 0)
    post = publish(alice, "Walnut")
    withdraw_post(alice, post)
    assert post.image is not None
    again = publish_image(alice, post.image, "Chestnut", ("brown",))
    Post.objects.filter(pk=again.pk).update(state=Post.State.APPROVED, approved_at=datetime.now(UTC))
    assert codes(client.get("/gallery/?q=walnut").text) == []
    assert codes(client.get("/gallery/?q=chestnut&tag=brown").text) == [post.code]


def test_an_index_row_of_a_post_that_is_gone_is_no_hindrance(
    client: Client, alice: User, finish: Finish, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "WALKED", 0)
    post = publish(alice, "Walnut")
    search.index_posts([post.pk, post.pk + 1])
    search.index_posts([])
    assert codes(client.get("/gallery/?q=walnut").text) == [post.code]


def test_more_words_than_are_looked_up(client: Client, alice: User, publish: Publish, step: str) -> None:
    post = publish(alice, "Long", prompt="one two three four five six seven eight nine ten eleven twelve thirteen")
    assert codes(client.get("/gallery/?q=one+two+three+four+five+six+seven").text) == [post.code]
    assert codes(client.get("/gallery/?q=one+two+three+four+five+six+zero").text) == []


@pytest.mark.parametrize("cost", [0, 10**6], ids=["one word is asked", "all are asked"])
def test_what_the_index_is_not_asked_is_looked_for_in_its_rows(
    client: Client, alice: User, publish: Publish, monkeypatch: pytest.MonkeyPatch, cost: int
) -> None:
    monkeypatch.setattr(search, "POST_COST", cost)
    monkeypatch.setattr(search, "WALKED", 2)
    rare = publish(alice, "Rare", prompt="common plain rare words", tags=("still life",))
    for number in range(3):
        publish(alice, f"No {number}", prompt="common plain words", tags=("red",))
    for query in ("q=common+rare", "q=rare+common+plain", "q=common&tag=still+life", "q=common+rare&shape=landscape"):
        assert codes(client.get(f"/gallery/?{query}").text) == [rare.code], query
    for query in ("q=common+zero", "q=rare&tag=red", "q=rare&shape=square"):
        assert codes(client.get(f"/gallery/?{query}").text) == [], query
    assert len(codes(client.get("/gallery/?q=common").text)) == 4


def test_pictures_that_are_gone_hide_no_others(
    client: Client, alice: User, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More are gone than are read beyond a page."""
    monkeypatch.setattr(search, "WALKED", 1)
    monkeypatch.setattr(search, "SPARE", 1)
    monkeypatch.setattr(index, "POSTS_A_PAGE", 2)
    shown = [publish(alice, f"Apple {number}") for number in range(3)]
    gone = [publish(alice, f"Apple again {number}").image for number in range(6)]
    GeneratedImage.objects.filter(pk__in=[image.pk for image in gone if image]).update(deleted_at=timezone.now())
    publish(alice, "Pear", prompt="a pear")
    page = client.get("/gallery/?q=apple").text
    assert codes(page) == [shown[2].code, shown[1].code]
    assert codes(client.get(following(page)).text) == [shown[0].code]
