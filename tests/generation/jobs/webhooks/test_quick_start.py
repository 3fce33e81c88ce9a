"""The server of the help page that listens to webhooks, as it stands, against messages that this site signs."""

from __future__ import annotations

import http.client
import runpy
import threading
import time
from collections.abc import Iterator
from http.server import HTTPServer
from typing import Any

import pytest

from generation.jobs.webhooks.signing import new_secret, signature
from tests.architecture.sources import ROOT

SNIPPET = ROOT / "templates" / "generation" / "help" / "snippets" / "webhooks_quick_start.py"
BODY = '{"type":"job.done","data":{"code":"x"}}'


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    secret = new_secret()
    monkeypatch.setenv("TEMPERA_SECRET", secret)
    return secret


@pytest.fixture
def port(secret: str, capsys: pytest.CaptureFixture[str]) -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), runpy.run_path(str(SNIPPET))["Receiver"])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def signed(secrets: list[str], age: int = 0, body: str = BODY, identity: str = "msg_1") -> dict[str, str]:
    moment = int(time.time()) - age
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(moment),
        "webhook-signature": signature(secrets, identity, moment, body),
    }


def status_of(port: int, headers: dict[str, Any], body: str = BODY) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_what_the_site_signs_is_genuine_once(port: int, secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(port, signed([secret])) == 204
    assert status_of(port, signed([secret])) == 204
    assert capsys.readouterr().out.count("job.done") == 1


def test_either_signature_is_enough_while_a_secret_is_replaced(port: int, secret: str) -> None:
    assert status_of(port, signed([new_secret(), secret])) == 204
    assert status_of(port, signed([secret, new_secret()], identity="msg_2")) == 204


def test_what_somebody_else_says_is_not(port: int, secret: str) -> None:
    assert status_of(port, signed([new_secret()])) == 401
    assert status_of(port, signed([secret]), BODY.replace("x", "y")) == 401
    assert status_of(port, signed([secret]) | {"webhook-id": "msg_2"}) == 401
    assert status_of(port, signed([secret], age=600)) == 401
    assert status_of(port, {}) == 401
