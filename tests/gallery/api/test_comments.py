"""Comments in the API: listed for everybody, written with a key, taken back by their author."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import User
from gallery.commenting import write_comment
from tests.gallery.conftest import Publish, finish, publish, send_in, weights

__all__ = ["finish", "publish", "send_in", "weights"]


def test_it_works(alices_api: Any, client: Client, charlie: User, publish: Publish) -> None:
    address = f"/api/v1/posts/{publish(charlie).code}/comments"
    made = [alices_api.post(address, {"words": "Nice."}, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    listed = client.get(address).json()["results"]
    assert [(each["author"], each["words"]) for each in listed] == [("alice", "Nice.")]
    assert alices_api.delete(f"/api/v1/comments/{listed[0]['code']}").status_code == 204
    assert client.get(address).json()["results"] == []
    assert client.post(address, {"words": "x"}, content_type="application/json").status_code == 401


def test_refusals(alices_api: Any, charlie: User, publish: Publish, send_in: Publish) -> None:
    post = publish(charlie)
    for body, status in (({}, 400), ({"words": " "}, 400), ({"words": "x" * 1001}, 400), ({"words": "\u202e"}, 400)):
        assert alices_api.post(f"/api/v1/posts/{post.code}/comments", body).status_code == status
    assert alices_api.post(f"/api/v1/posts/{send_in(charlie).code}/comments", {"words": "x"}).status_code == 404
    assert alices_api.get(f"/api/v1/posts/{send_in(charlie).code}/comments").status_code == 404
    foreign = write_comment(charlie, post, "Mine.")
    assert alices_api.delete(f"/api/v1/comments/{foreign.code}").status_code == 404
