"""Notifications in the API: listed without being read, and read as far as they were seen."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import User
from gallery.commenting import write_comment
from gallery.following import follow
from gallery.liking import like
from tests.gallery.conftest import Publish, finish, publish, send_in, unread, weights

__all__ = ["finish", "publish", "send_in", "weights"]

URL = "/api/v1/notifications"


def test_it_works(alices_api: Any, charlies: Client, alice: User, charlie: User, publish: Publish) -> None:
    post = publish(alice)
    alices_api.get("/gallery/")
    like(charlie, post)
    write_comment(charlie, post, "Nice.")
    before = unread(alice)
    listed = alices_api.get(URL).json()["results"]
    assert [(each["kind"], each["sentence"], each["is_new"]) for each in listed] == [
        ("comment", "charlie commented on “Apple”", True), ("like", "charlie likes “Apple”", True)
    ]  # fmt: skip
    assert listed[0]["page"] == f"/gallery/{post.code}/"
    assert unread(alice) == before, "to list them does not mark them read"
    follow(charlie, alice)
    assert alices_api.post(f"{URL}/read", {"until": listed[0]["at"]}).json() == {"read": 2}
    listed = alices_api.get(URL).json()["results"]
    assert [(each["kind"], each["is_new"]) for each in listed] == [
        ("follow", True),
        ("comment", False),
        ("like", False),
    ]
    assert charlies.get(URL).json()["results"] == []


def test_pages_go_through_all_once(alices_api: Any, alice: User, charlie: User, publish: Publish) -> None:
    for number in range(5):
        like(charlie, publish(alice, f"Apple {number}"))
    address, seen = f"{URL}?limit=2", []
    while address:
        page = alices_api.get(address).json()
        seen += [each["sentence"] for each in page["results"]]
        address = page["next"]
    assert seen == [f"charlie likes “Apple {number}”" for number in (4, 3, 2, 1, 0)]


def test_refusals(alices_api: Any, client: Client, alice: User) -> None:
    for body in ({}, {"until": "yesterday"}):
        assert alices_api.post(f"{URL}/read", body).status_code == 400
    assert client.get(URL).status_code == 401
