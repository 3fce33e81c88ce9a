"""What was decided about oneself, in the API: sanctions, appeals against decisions, and the counts of all."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import User
from gallery.commenting import write_comment
from gallery.models import Appeal
from gallery.moderation import take_down
from gallery.sanctions import ban, lift, strike, suspend
from tests.gallery.conftest import Publish, finish, publish, send_in, weights

__all__ = ["finish", "publish", "send_in", "weights"]

URL = "/api/v1/appeals"


def test_it_works(alices_api: Any, charlies: Client, alice: User, bob: User, publish: Publish) -> None:
    post = publish(alice)
    take_down(bob, post, "It copies.")
    body = {"subject": "post", "code": post.code, "words": "It is my own."}
    refused = charlies.post(URL, body, content_type="application/json")
    assert refused.status_code == 404
    made = alices_api.post(URL, body)
    assert made.status_code == 201 and made.json()["state"] == "open"
    assert alices_api.post(URL, body).json()["code"] == "already-appealed"
    [listed] = alices_api.get(URL).json()["results"]
    assert (listed["code"], listed["subject"], listed["words"]) == (Appeal.objects.get().code, "post", "It is my own.")
    assert charlies.get(URL).json()["results"] == []


def test_ones_comments_in_every_state(alices_api: Any, alice: User, bob: User, publish: Publish) -> None:
    post = publish(alice)
    comment = write_comment(alice, post, "Ugly.")
    write_comment(bob, post, "Nice.")
    take_down(bob, comment, "Be kind.")
    [listed] = alices_api.get("/api/v1/comments").json()["results"]
    assert (listed["code"], listed["state"], listed["reason"], listed["post"]) == (
        comment.code, "taken_down", "Be kind.", post.code
    )  # fmt: skip
    body = {"subject": "comment", "code": comment.code, "words": "It was a joke."}
    assert alices_api.post(URL, body).status_code == 201


def test_refusals(alices_api: Any, client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice)
    for body, code in (
        ({"subject": "post", "code": "nothing", "words": "x"}, "not-found"),
        ({"subject": "post", "code": post.code, "words": "x"}, "nothing-decided"),
    ):
        assert alices_api.post(URL, body).json()["code"] == code
    for wrong in ({}, {"subject": "notice", "code": "x", "words": "x"}, {"subject": "post", "code": "x", "words": " "}):
        assert alices_api.post(URL, wrong).status_code == 400
    assert client.get(URL).status_code == 401


def test_sanctions_are_ones_own_as_far_as_they_hold(alices_api: Any, charlies: Client, alice: User, bob: User) -> None:
    given = strike(bob, alice, "Rude.")
    lift(bob, suspend(bob, alice, "Very rude.", 3), "It was a mistake.")
    ban(bob, alice, "Only proposed.")
    listed = alices_api.get("/api/v1/sanctions").json()["results"]
    assert [(each["kind"], each["state"], each["reason"]) for each in listed] == [
        ("suspension", "lifted", "Very rude."), ("strike", "active", "Rude.")
    ]  # fmt: skip
    assert listed[1]["code"] == given.code and "bob" not in str(listed)
    assert charlies.get("/api/v1/sanctions").json()["results"] == []


def test_anybody_reads_the_counts(client: Client, alice: User, bob: User) -> None:
    strike(bob, alice, "Rude.")
    data = client.get("/api/v1/transparency").json()
    assert len(data["months"]) == 12
    lines = {line["name"]: line["counts"] for group in data["groups"] for line in group["lines"]}
    assert lines["Strikes"] == [1] + [0] * 11
    assert "alice" not in str(data) and "bob" not in str(data)
