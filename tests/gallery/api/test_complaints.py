"""Reports and notices in the API: reports by who is signed in, notices by anybody, a few an hour."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from config.throttling import Costly
from gallery.commenting import write_comment
from gallery.models import CommentReport, Notice, Report
from tests.gallery.conftest import Publish, finish, publish, send_in, weights

__all__ = ["finish", "publish", "send_in", "weights"]

NOTICES = "/api/v1/notices"


def body(address: str, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "intimate", "addresses": [address], "statement": "It shows me.", "email": "dora@example.org",
        "name": "Dora Doe", "signature": "Dora Doe", "is_in_good_faith": True,
    } | changes  # fmt: skip


def test_a_post_is_reported_once(
    alices_api: Any, client: Client, charlie: User, publish: Publish, send_in: Publish
) -> None:
    post = publish(charlie)
    address = f"/api/v1/posts/{post.code}/report"
    made = alices_api.post(address, {"reason": "copied", "words": "It is mine."})
    assert made.status_code == 201 and (made.json()["reason"], made.json()["words"]) == ("copied", "It is mine.")
    assert alices_api.post(address, {"reason": "copied"}).json()["code"] == "already-reported"
    assert Report.objects.get().post == post
    for wrong in ({}, {"reason": "ugly"}, {"reason": "other", "words": "x" * 501}):
        assert alices_api.post(address, wrong).status_code == 400
    assert alices_api.post(f"/api/v1/posts/{send_in(charlie).code}/report", {"reason": "other"}).status_code == 404
    assert client.post(address, {"reason": "other"}, content_type="application/json").status_code == 401


def test_a_comment_is_reported_once(alices_api: Any, alice: User, charlie: User, publish: Publish) -> None:
    post = publish(charlie)
    comment, own = write_comment(charlie, post, "You are ugly."), write_comment(alice, post, "Nice.")
    address = f"/api/v1/comments/{comment.code}/report"
    assert alices_api.post(address, {"reason": "hateful"}).status_code == 201
    assert alices_api.post(address, {"reason": "hateful"}).json()["code"] == "already-reported"
    assert CommentReport.objects.get().quoted == "You are ugly."
    assert alices_api.post(f"/api/v1/comments/{own.code}/report", {"reason": "other"}).json()["code"] == "own-comment"
    assert alices_api.post("/api/v1/comments/nothing/report", {"reason": "other"}).status_code == 404


def test_anybody_sends_a_notice(client: Client, alice: User, bob: User, publish: Publish) -> None:
    post = publish(alice)
    made = client.post(NOTICES, body(f"/gallery/{post.code}/"), content_type="application/json")
    notice = Notice.objects.get()
    assert made.status_code == 201 and made.json()["code"] == notice.code and "email" not in made.json()
    assert notice.addresses.get().post == post
    assert {mail.outbox[0].to[0], mail.outbox[1].to[0]} == {"dora@example.org", bob.email}


def test_what_a_notice_lacks_is_told(client: Client, alice: User, publish: Publish) -> None:
    address = f"/gallery/{publish(alice).code}/"
    for changes, field in (
        ({"name": ""}, "name"), ({"signature": ""}, "signature"), ({"is_in_good_faith": False}, "is_in_good_faith"),
        ({"kind": "odd"}, "kind"), ({"addresses": []}, "addresses"), ({"email": "dora"}, "email"),
        ({"addresses": ["https://elsewhere.example/x"]}, "addresses"), ({"statement": " "}, "statement"),
    ):  # fmt: skip
        answer = client.post(NOTICES, body(address, **changes), content_type="application/json")
        assert answer.status_code == 400, changes
        assert field in [error["field"] for error in answer.json()["errors"]], answer.json()
    assert not Notice.objects.exists() and not mail.outbox


def test_a_few_an_hour(client: Client, alice: User, publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Costly, "THROTTLE_RATES", {"notice": "2/h"})
    address = f"/gallery/{publish(alice).code}/"
    answers = [client.post(NOTICES, body(address), content_type="application/json").status_code for _ in range(3)]
    assert answers == [201, 201, 429]
