"""Up to which rating somebody sees pictures: their own choice, general until they make one."""

from __future__ import annotations

from django.test import Client

from accounts.models import User


def test_it_begins_with_general(charlie: User) -> None:
    assert charlie.shown_rating == "general"


def test_it_works(charlies: Client, charlie: User, alice: User) -> None:
    assert charlies.post("/account/viewing/", {"shown_rating": "explicit"}).status_code == 302
    charlie.refresh_from_db()
    alice.refresh_from_db()
    assert (charlie.shown_rating, alice.shown_rating) == ("explicit", "general")
    assert charlies.get("/account/viewing/").context["form"]["shown_rating"].value() == "explicit"


def test_anything_else_is_refused(charlies: Client, charlie: User) -> None:
    assert charlies.post("/account/viewing/", {"shown_rating": "all"}).status_code == 400
    charlie.refresh_from_db()
    assert charlie.shown_rating == "general"
