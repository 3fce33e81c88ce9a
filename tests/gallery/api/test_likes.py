"""Likes in the API: PUT and DELETE, which said twice do no more than said once."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import User
from tests.gallery.conftest import Publish, finish, publish, send_in, weights

__all__ = ["finish", "publish", "send_in", "weights"]


def test_it_works(alices_api: Any, client: Client, alice: User, charlie: User, publish: Publish) -> None:
    address = f"/api/v1/posts/{publish(charlie).code}/like"
    assert alices_api.get(address).json() == {"liked": False, "points": 0}
    for _ in range(2):
        assert alices_api.put(address).json() == {"liked": True, "points": 1}
    assert alices_api.get(address).json() == {"liked": True, "points": 1}
    for _ in range(2):
        assert alices_api.delete(address).json() == {"liked": False, "points": 0}
    assert client.put(address).status_code == 401


def test_what_cannot_be_liked(alices_api: Any, alice: User, charlie: User, publish: Publish, send_in: Publish) -> None:
    assert alices_api.put(f"/api/v1/posts/{publish(alice).code}/like").json()["code"] == "own-post"
    assert alices_api.put(f"/api/v1/posts/{send_in(charlie).code}/like").status_code == 404
