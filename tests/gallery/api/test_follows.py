"""Following in the API: PUT and DELETE, which said twice do no more than said once."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import User
from tests.gallery.conftest import Publish, finish, publish, send_in, weights

__all__ = ["finish", "publish", "send_in", "weights"]


def test_it_works(alices_api: Any, client: Client, charlie: User, publish: Publish) -> None:
    publish(charlie)
    address = "/api/v1/authors/charlie/follow"
    assert alices_api.get(address).json() == {"followed": False}
    for _ in range(2):
        assert alices_api.put(address).json() == {"followed": True}
    assert alices_api.get(address).json() == {"followed": True}
    for _ in range(2):
        assert alices_api.delete(address).json() == {"followed": False}
    assert client.put(address).status_code == 401


def test_who_cannot_be_followed(alices_api: Any, alice: User, charlie: User, publish: Publish) -> None:
    publish(alice)
    assert alices_api.put("/api/v1/authors/alice/follow").json()["code"] == "own-self"
    assert alices_api.put("/api/v1/authors/charlie/follow").status_code == 404


def test_the_feed_is_of_whom_one_follows(
    alices_api: Any, client: Client, alice: User, charlie: User, publish: Publish
) -> None:
    shown = publish(charlie)
    publish(alice)
    assert alices_api.get("/api/v1/feed").json()["results"] == []
    alices_api.put("/api/v1/authors/charlie/follow")
    assert [post["code"] for post in alices_api.get("/api/v1/feed").json()["results"]] == [shown.code]
    assert client.get("/api/v1/feed").status_code == 401
