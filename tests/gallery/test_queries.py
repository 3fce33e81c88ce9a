"""How much the pages of the gallery ask of the database: eight queries at most, those of the bar among them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from gallery import search
from gallery.cards import newest_pictures
from gallery.collecting import collect, make_collection
from gallery.commenting import write_comment
from gallery.following import follow
from gallery.liking import like
from gallery.models import Post
from gallery.moderation import report
from generation.recipes.picture import LoraPick
from tests.gallery.conftest import BASE, INK, Finish, Publish
from tests.gallery.test_lineage import remixed

MOST = 8
PICK = LoraPick("ink", 1.0, sha256=INK)
FILTERS = {"q": "apple alice", "tag": "still life", "checkpoint": "base", "lora": "ink", "author": "alice"}


@pytest.fixture
def site(alice: User, bob: User, charlie: User, publish: Publish, finish: Finish) -> dict[str, str]:
    """A page's name -> its address, of a gallery in which everything has happened at least once."""
    first = publish(alice, "Apple", tags=("still life", "red"), loras=(PICK,))
    second = remixed(alice, bob, finish, first, "Apple again")
    third = remixed(charlie, bob, finish, second, "Apple once more")
    for post in (first, second):
        like(charlie, post)
        write_comment(charlie, post, "Fine.")
        write_comment(bob, post, "Very.")
    report(charlie, first, "other")
    follow(charlie, alice)
    follow(alice, charlie)
    like(alice, third)
    write_comment(alice, third, "Nice.")
    gathered = make_collection(charlie, "Apples", "public")
    collect(charlie, gathered, first)
    named = {
        "a post": first, "a remix": second, "a remix of a remix": third,
    }  # fmt: skip
    return {
        **{name: f"/gallery/{post.code}/" for name, post in named.items()},
        "the gallery": "/gallery/",
        "all filters": f"/gallery/?{urlencode({**FILTERS, 'shape': 'landscape', 'sort': 'trending'})}",
        "a search": "/gallery/?q=apple",
        "top of the day": "/gallery/?sort=top&period=day",
        "an author": "/by/alice/",
        "comments": f"/gallery/{first.code}/comments/",
        "remixes": f"/gallery/{first.code}/remixes/",
        "a collection": f"/collections/{gathered.code}/",
    }


def queries_of(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200, address
    return [query["sql"][:100] for query in asked if "SAVEPOINT" not in query["sql"]]


@pytest.mark.parametrize("walked", [search.WALKED, 1], ids=["looked through", "looked up"])
def test_every_page_asks_few_queries(
    site: dict[str, str], charlies: Client, client: Client, walked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "WALKED", walked)
    for name, address in {**site, "following": "/gallery/following/"}.items():
        charlies.get(address)  # tags to press are gathered once a minute, for everybody
        cache.delete_many([f"weight-picture-{sha256}" for sha256 in (BASE, INK)])
        asked = queries_of(charlies, address)
        assert len(asked) <= MOST, (name, asked)
        if name != "following":
            assert len(queries_of(client, address)) <= len(asked), name


def test_news_asks_few_queries_unless_there_are_decisions(site: dict[str, str], charlies: Client) -> None:
    for address in ("/notifications/", "/gallery/mine/", "/collections/"):
        charlies.get(address)
        assert len(queries_of(charlies, address)) <= MOST, address


def test_a_page_asks_no_more_with_more_on_it(
    site: dict[str, str], charlies: Client, alice: User, bob: User, publish: Publish
) -> None:
    for address in site.values():
        charlies.get(address)  # what is kept for everybody is gathered
    before = {name: len(queries_of(charlies, address)) for name, address in site.items()}
    post = Post.objects.get(title="Apple")
    for number in range(3):
        publish(alice, f"Apple {number}", tags=(f"t{number}",), loras=(PICK,))
        write_comment(bob, post, f"And {number}.")
    assert {name: len(queries_of(charlies, address)) for name, address in site.items()} == before


def test_the_desk_asks_as_much_whatever_waits(
    bobs: Client, alice: User, charlie: User, publish: Publish, send_in: Publish
) -> None:
    asked: list[int] = []
    for _ in range(2):
        send_in(alice)
        report(charlie, publish(alice), "other")
        asked += [len(queries_of(bobs, page)) for page in ("/admin/gallery/claim/", "/admin/gallery/post/")]
    assert asked[:2] == asked[2:] and max(asked) <= 18, asked


def test_pictures_of_weight_files_are_looked_up_together(
    alice: User, publish: Publish, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = publish(alice, loras=(PICK,))
    with django_assert_num_queries(1):
        found = newest_pictures([BASE, INK])
    assert set(found) == {BASE, INK} and all(f"/gallery/{post.code}/" in picture for picture in found.values())
    plain = publish(alice, "Pear")
    monkeypatch.setattr(search, "WALKED", 1)
    assert f"/gallery/{plain.code}/" in newest_pictures([BASE])[BASE]
    assert f"/gallery/{post.code}/" in newest_pictures([INK])[INK], "that it lies behind those that were looked at"
    assert newest_pictures(["c" * 64]) == {"c" * 64: ""} and newest_pictures([]) == {}
