"""What answers carry: an id that the log has too, how often one may still ask, and what makes them comparable."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from config.throttling import Anonymous, SignedIn
from generation.models import Checkpoint


@pytest.mark.parametrize("told", ["my-request_7.a", "a" * 64])
def test_the_id_is_the_callers(client: Client, db: None, told: str) -> None:
    for path in ("/api/v1/me", "/api/v1/none", "/", "/nothing/"):
        assert client.get(path, headers={"X-Request-Id": told})["X-Request-Id"] == told


@pytest.mark.parametrize("told", ["", "a b", "a" * 65, "<script>", "é", "a\r\nb"])
def test_one_that_could_forge_a_line_is_replaced(client: Client, db: None, told: str) -> None:
    ids = {client.get("/healthz", headers={"X-Request-Id": told})["X-Request-Id"] for _ in range(2)}
    assert len(ids) == 2 and all(len(each) == 32 and each != told for each in ids)


def test_the_log_has_the_same_id(client: Client, db: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        client.get("/api/v1/me", headers={"X-Request-Id": "find-me"})
    assert "find-me" in caplog.text


def test_how_often_one_may_still_ask(alices_api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for throttle in (Anonymous, SignedIn):
        monkeypatch.setattr(throttle, "THROTTLE_RATES", {"anon": "2/min", "user": "2/min"})
    answers = [alices_api.get("/api/v1/me") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    for answer in answers:
        assert (answer["RateLimit-Limit"], answer["RateLimit-Policy"]) == ("2", "2;w=60")
        assert 1 <= int(answer["RateLimit-Reset"]) <= 60
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60


def test_a_page_has_none_of_these(client: Client, db: None) -> None:
    answer = client.get("/")
    assert not [name for name in answer.headers if name.startswith("RateLimit")] and "ETag" not in answer


def test_what_has_not_changed_is_not_sent_again(alices_api: APIClient, alice: User, catalog: Checkpoint) -> None:
    first = alices_api.get("/api/v1/loras")
    assert first["ETag"] and first["Cache-Control"] == "private, no-store"
    same = alices_api.get("/api/v1/loras", headers={"If-None-Match": first["ETag"]})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    assert same["X-Request-Id"] and same["RateLimit-Limit"]
    assert alices_api.get("/api/v1/loras", headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_refusal_has_no_tag_to_compare(alices_api: APIClient) -> None:
    first = alices_api.get("/api/v1/jobs/none")
    assert first.status_code == 404
    again: Any = alices_api.get("/api/v1/jobs/none", headers={"If-None-Match": "*"})
    assert again.status_code == 404


def test_downloads_are_kept_by_nobody(alices_api: APIClient) -> None:
    answer = alices_api.get("/api/v1/jobs/events")
    assert "no-store" in answer["Cache-Control"] and "ETag" not in answer
    answer.close()
