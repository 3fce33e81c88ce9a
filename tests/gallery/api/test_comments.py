"""Comments in the API: listed for everybody, written with a key, taken back by their author."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import User
from gallery.commenting import write_comment
from gallery.models import BlockedPhrase, Comment
from gallery.moderation import report_comment
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


def test_what_waits_or_is_hidden_is_taken_back_too(
    alices_api: Any, alice: User, charlie: User, publish: Publish, settings: Any
) -> None:
    settings.REPORTS_TO_HIDE = 1
    post = publish(charlie)
    BlockedPhrase.objects.create(phrase="hm", effect="flag")
    waits, hidden = write_comment(alice, post, "Hm."), write_comment(alice, post, "Ugly.")
    report_comment(charlie, hidden, "hateful")
    states = {each["code"]: each["state"] for each in alices_api.get("/api/v1/comments").json()["results"]}
    assert states == {waits.code: "pending", hidden.code: "hidden"}
    for comment in (waits, hidden):
        assert alices_api.delete(f"/api/v1/comments/{comment.code}").status_code == 204
        assert alices_api.delete(f"/api/v1/comments/{comment.code}").status_code == 404
    assert not Comment.objects.exclude(words="").exists()
