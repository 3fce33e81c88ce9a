"""Cursors: pages of an order that many rows share, and the plan by which a database reads a far one."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.db.models import Subquery
from django.test import RequestFactory

from accounts.models import User
from generation.models import Draft, GeneratedImage
from generation.web.paging import beside, cursor_of, neighbours, page_of

ORDER = ("width", "pk")


@pytest.fixture
def images(alice: User) -> list[GeneratedImage]:
    """Nine rows in three groups of equal width, the newest of the widest first."""
    from generation.models import Job

    made = []
    for number in range(9):
        job = Job.objects.create(
            owner=alice, submission="s", recipe_json={}, prompt="p", checkpoint_sha256="", credits=0, work=1.0,
            virtual_start=0.0,
        )  # fmt: skip
        made.append(
            GeneratedImage.objects.create(
                owner=alice,
                job=job,
                recipe_json={},
                prompt="p",
                infotext="",
                width=number % 3,
                height=1,
                seed=1,
                file="f",
                thumbnail="t",
                size_bytes=1,
                sha256="",
            )  # fmt: skip
        )
    return sorted(made, key=lambda image: (-image.width, -image.pk))


def test_pages_go_through_equal_rows_once_and_back(images: list[GeneratedImage], rf: RequestFactory) -> None:
    seen: list[GeneratedImage] = []
    address, pages = "/images/", []
    while address:
        page = page_of(GeneratedImage.objects.all(), rf.get(address), 2, ORDER)
        seen += page.rows
        pages.append([image.pk for image in page.rows])
        address = page.older_url
    assert seen == images
    address = page.newer_url
    for expected in pages[-2::-1]:
        page = page_of(GeneratedImage.objects.all(), rf.get(address), 2, ORDER)
        assert [image.pk for image in page.rows] == expected
        address = page.newer_url
    assert not address


def test_neighbours_among_equal_rows(images: list[GeneratedImage]) -> None:
    for place in range(1, 8):
        found = neighbours(GeneratedImage.objects.all(), images[place], ORDER)
        assert found == (images[place - 1], images[place + 1])
    assert neighbours(GeneratedImage.objects.all(), images[0], ORDER)[0] is None


def test_neighbours_are_read_with_the_row(images: list[GeneratedImage]) -> None:
    newer, older = beside(GeneratedImage.objects.all(), ORDER)
    read = {"newer": Subquery(newer.values("pk")), "older": Subquery(older.values("pk"))}
    rows = {pk: [*both] for pk, *both in GeneratedImage.objects.annotate(**read).values_list("pk", *read)}
    for place, image in enumerate(images):
        expected = [images[at].pk if 0 <= at < len(images) else None for at in (place - 1, place + 1)]
        assert rows[image.pk] == expected


def test_a_far_page_is_read_from_the_index(images: list[GeneratedImage], rf: RequestFactory) -> None:
    """By (owner, -id): what comes before the page is not looked at."""
    rows = GeneratedImage.objects.filter(owner=images[0].owner)
    plan = rows.order_by("-pk").explain()
    assert Draft.objects.count() == 0 and plan
    page = page_of(rows, rf.get("/", {"before": cursor_of(images[0], ("owner", "pk"))}), 2, ("owner", "pk"))
    assert parse_qs(urlsplit(page.older_url).query).keys() == {"before"}
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN SELECT id FROM generation_generatedimage WHERE (owner_id, id) < (5, 5)")
            assert "owner_id<" in str(cursor.fetchall())
