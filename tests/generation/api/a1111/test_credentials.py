"""Which token asks: Basic, Bearer and a key in the address are one; none of them is written down anywhere."""

from __future__ import annotations

import base64
import logging
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from config.bodies import Asked
from config.logs import scrub
from config.path_keys import NOWHERE, without_key
from generation.models import Checkpoint, Job
from tests.generation.api.a1111.conftest import ask

OPTIONS = "/sdapi/v1/options"


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def status(header: str = "", path: str = OPTIONS) -> int:
    headers = {"Authorization": header} if header else {}
    return int(Client(headers=headers).get(path).status_code)


@pytest.mark.parametrize("name", ["alice", "ALICE", "alice@example.org"])
def test_a_token_is_the_password_of_its_person(program: Any, name: str) -> None:
    assert status(basic(name, program.key)) == 200


def test_bearer_and_a_key_in_the_address(program: Any) -> None:
    assert status(f"Bearer {program.key}") == 200
    assert status(path=f"/k/{program.key}{OPTIONS}") == 200
    assert status("Basic ", path=f"/k/{program.key}{OPTIONS}") == 200


def test_it_is_the_token_that_is_asked_for(program: Any, charlie: User) -> None:
    """Her name beside his token is a mistake of somebody's, and her password is no token."""
    _, charlies = ApiToken.objects.create(user=charlie, name="program")
    assert status(basic("alice", charlies)) == 401
    assert status(basic("alice", "a long enough password")) == 401


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic " + base64.b64encode(b"alice").decode(),
        "Basic " + base64.b64encode(b"alice:").decode(),
        "Basic " + base64.b64encode(b"alice:tmp_\x00").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
        "Basic " + base64.b64encode("alice:schlüssel".encode()).decode(),
        "Basic " + base64.b64encode(b"alice:" + b"x" * 4000).decode(),
        "Bearer tmp_made_up",
        "Bearer a b",
        "Digest abc",
    ],
)
def test_nobody_is_told_how_to_come_in(db: None, alice: User, header: str) -> None:
    answer = Client(headers={"Authorization": header} if header else {}).get(OPTIONS)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Basic realm=")
    assert set(answer.json()) == {"error", "detail", "body", "errors"}
    assert answer["Content-Type"] == "application/json"


def test_a_session_is_no_token(alices: Client) -> None:
    assert alices.get(OPTIONS).status_code == 401


def test_a_removed_token_is_none(program: Any) -> None:
    program.token.delete()
    assert [status(f"Bearer {program.key}"), status(basic("alice", program.key))] == [401, 401]


def test_a_token_for_reading_draws_nothing(program: Any, catalog: Checkpoint) -> None:
    ApiToken.objects.filter(pk=program.token.pk).update(scopes=["read"])
    assert program.get(OPTIONS).status_code == 200
    for name in ("txt2img", "img2img", "extra-single-image", "options", "interrupt", "skip"):
        answer = ask(program, name, {"prompt": "a red apple"})
        assert (answer.status_code, answer.json()["error"]) == (403, "missing-scope"), name
        assert "generate" in answer.json()["detail"]
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("path", "left", "key"),
    [
        ("/sdapi/v1/options", "/sdapi/v1/options", ""),
        ("/k/tmp_1/sdapi/v1/options", "/sdapi/v1/options", "tmp_1"),
        ("/k/tmp_1/v1/models", "/v1/models", "tmp_1"),
        ("/k/tmp_1/internal/ping", "/internal/ping", "tmp_1"),
        ("/k/tmp_1/account/", NOWHERE, ""),
        ("/k/tmp_1/api/v1/me", NOWHERE, ""),
        ("/k/tmp_1", NOWHERE, ""),
        ("/k//sdapi/v1/options", NOWHERE, ""),
        ("/k/schlüssel/sdapi/v1/options", NOWHERE, ""),
        ("/k/a b/sdapi/v1/options", NOWHERE, ""),
        ("/k/a\nb/sdapi/v1/options", NOWHERE, ""),
        ("/k/tmp_1/k/tmp_2/sdapi/v1/options", NOWHERE, ""),
    ],
)
def test_a_key_leaves_the_address(path: str, left: str, key: str) -> None:
    assert without_key(path) == (left, key)


def test_a_key_opens_the_dialects_alone(program: Any) -> None:
    assert Client().get(f"/k/{program.key}/api/v1/me").status_code == 404
    assert Client().get(f"/k/{program.key}/account/").status_code == 404


def test_the_server_bounds_a_body_by_the_key_in_its_address(program: Any) -> None:
    asked = Asked("POST", f"/k/{program.key}/sdapi/v1/png-info?a=b", {})
    assert (asked.path, asked.authorization) == ("/sdapi/v1/png-info", f"Bearer {program.key}")


def test_nothing_of_a_key_or_a_password_is_logged(
    program: Any, alice: User, catalog: Checkpoint, drawn: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither of a good request nor of a bad one: programs repeat their password in what they send."""
    secret = {"url": "http://127.0.0.1:8000", "auth": f"alice:{program.key}"}
    sent = [{"prompt": "a red apple", **secret}, {"prompt": "", **secret}, {"steps": "many", **secret}, [secret]]
    with caplog.at_level(logging.DEBUG):
        for body in sent:
            answer = APIClient().post(f"/k/{program.key}/sdapi/v1/txt2img", body, format="json")
            assert program.key not in answer.content.decode()
            ask(program, "txt2img", body, Authorization=basic("alice", program.key))
        Client().get(f"/k/{program.key}/nothing/here")
    assert caplog.records
    assert program.key not in caplog.text
    assert all(program.key not in str(vars(record)) for record in caplog.records)
    assert program.key not in str(list(Job.objects.values()))


def test_what_libraries_say_of_an_address_is_scrubbed() -> None:
    told = scrub(None, "info", {"event": "GET /k/tmp_1/sdapi/v1/options?x=1 HTTP/1.1", "path": "/k/tmp_1"})
    assert told == {"event": "GET /k/[removed]/sdapi/v1/options?x=1 HTTP/1.1", "path": "/k/[removed]"}


def test_asking_too_often_is_told_in_this_shape(program: Any, monkeypatch: Any) -> None:
    from config.throttling import Anonymous, SignedIn

    for throttle in (Anonymous, SignedIn):
        monkeypatch.setattr(throttle, "THROTTLE_RATES", {"anon": "2/min", "user": "2/min"})
    statuses = [program.get(OPTIONS).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert set(program.get(OPTIONS).json()) == {"error", "detail", "body", "errors"}
