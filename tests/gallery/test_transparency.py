"""The public page of counts: each act once, in its month, and nobody's name."""

from __future__ import annotations

from datetime import UTC, datetime

from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from gallery.moderation import report, take_down
from gallery.notices import uphold
from gallery.sanctions import strike
from gallery.transparency import months, report_of_months
from tests.gallery.conftest import Publish
from tests.gallery.test_notices import sent


def counted() -> dict[str, int]:
    """This month's."""
    cache.clear()
    return {line.name: line.counts[0] for group in report_of_months()[1] for line in group.lines}


def test_it_works(client: Client, alice: User, bob: User, charlie: User, publish: Publish) -> None:
    post, other = publish(alice), publish(alice, "Pear")
    report(charlie, post, "other")
    take_down(bob, post, "It copies.")
    uphold(bob, sent(other), "It shows her.")
    strike(bob, alice, "Twice.")
    counts = counted()
    assert counts["Approved"] == 2 and counts["Taken down"] == 2 and counts["Reports"] == 1
    assert counts["Notices of intimate pictures"] == counts["Notices upheld"] == counts["Strikes"] == 1
    assert counts["Pictures blocked"] == 1
    assert counts["Appeals"] == counts["Notices answered after their time"] == 0
    page = client.get("/transparency/").text
    assert "Taken down" in page and "alice" not in page and "bob" not in page


def test_months_over_the_turn_of_a_year() -> None:
    listed = months(datetime(2026, 2, 14, 5, tzinfo=UTC))
    assert [f"{month:%Y-%m}" for month in listed[:3]] == ["2026-02", "2026-01", "2025-12"] and len(listed) == 12


def test_it_is_counted_once_an_hour(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    report_of_months()
    with django_assert_num_queries(0):
        report_of_months()
