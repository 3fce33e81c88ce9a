"""Numbers and texts that are read with a row, on the database that the tests run on."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import OuterRef, Subquery

from accounts.models import User
from generation.models import Album
from generation.models.counts import CountOf, Lines, counts_of, first_values


@pytest.fixture
def albums(alice: User, charlie: User) -> None:
    for owner, titles in ((alice, ("One", "Two", "Three")), (charlie, ("Four",))):
        for title in titles:
            Album.objects.create(owner=owner, title=title)


def test_rows_are_counted_with_another(albums: None, alice: User, charlie: User, bob: User) -> None:
    own = Album.objects.filter(owner=OuterRef("pk"))
    rows = User.objects.annotate(all=CountOf(own), most=CountOf(own[:2])).values_list("username", "all", "most")
    assert set(rows) == {("alice", 3, 2), ("charlie", 1, 1), ("bob", 0, 0)}


def test_several_are_counted_at_once(albums: None, alice: User, charlie: User, django_assert_num_queries: Any) -> None:
    rows = Album.objects.order_by("title")
    with django_assert_num_queries(1):
        counts = counts_of({"alice": rows.filter(owner=alice), "two": rows[:2], "none": rows.filter(title="Five")})
    assert counts == {"alice": 3, "two": 2, "none": 0}
    with django_assert_num_queries(0):
        assert counts_of({}) == {}


def test_first_values(albums: None, alice: User, django_assert_num_queries: Any) -> None:
    titles = Album.objects.order_by("-title").values("title")
    with django_assert_num_queries(1):
        found = first_values(
            {
                "last": [titles[:1]],
                "of alice": [titles.filter(title="Five")[:1], titles.filter(title="One")[:1], titles[:1]],
                "of nothing": [titles.none()[:1], titles.filter(title="Four")[:1]],
                "no": [titles.none()[:1]],
            }
        )
    assert found == {"last": "Two", "of alice": "One", "of nothing": "Four", "no": None}


def test_texts_of_a_group_are_lines(albums: None, alice: User, bob: User) -> None:
    titles = Album.objects.filter(owner=OuterRef("pk")).order_by().values("owner")
    rows = dict(
        User.objects.annotate(lines=Subquery(titles.annotate(all=Lines("title")).values("all"))).values_list(
            "username", "lines"
        )
    )
    assert sorted(rows["alice"].split("\n")) == ["One", "Three", "Two"] and rows["bob"] is None
