"""What is served beside Django: only after Django said yes, with the body as it came, and nothing else is touched."""

from __future__ import annotations

import io
from typing import Any

import pytest

from config.mounts import Mounts, answer_of
from config.web_server import BodyFile

pytestmark = pytest.mark.asyncio

Messages = list[dict[str, Any]]


class Django:
    """Answers with one status; what it was asked and what it could read of it is noted."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.asked: list[tuple[str, str]] = []
        self.read: Messages = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append((scope["method"], scope["path"]))
        self.read.append(await receive())
        await send({"type": "http.response.start", "status": self.status, "headers": [(b"x", b"y")]})
        await send({"type": "http.response.body", "body": b"no", "more_body": True})
        await send({"type": "http.response.body", "body": b"body"})


async def echo(scope: Any, receive: Any, send: Any) -> None:
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"heard " + message["body"]})


async def ask(django: Django, body: bytes = b"hello", method: str = "POST", path: str = "/here") -> Messages:
    sent: Messages = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await Mounts(django, {"/here": echo})({"type": "http", "method": method, "path": path}, receive, send)
    return sent


def in_file(content: bytes) -> BodyFile:
    body = BodyFile()
    body.file = io.BytesIO(content)
    return body


@pytest.mark.parametrize("body", [b"hello", in_file(b"hello")])
async def test_who_may_come_is_served_with_what_was_sent(body: bytes) -> None:
    django = Django(204)
    start, answer = await ask(django, body)
    assert (start["status"], answer["body"]) == (200, b"heard hello")
    assert django.asked == [("POST", "/here")] and django.read[0]["body"] == b""


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 429, 500, 503])
async def test_any_other_answer_is_the_answer(status: int) -> None:
    start, first, last = await ask(Django(status))
    assert (start["status"], start["headers"], first["body"] + last["body"]) == (status, [(b"x", b"y")], b"nobody")


@pytest.mark.parametrize(("method", "path"), [("GET", "/here"), ("DELETE", "/here"), ("POST", "/here/"), ("POST", "/")])
async def test_the_rest_is_djangos_own(method: str, path: str) -> None:
    django = Django(204)
    sent = await ask(django, method=method, path=path)
    assert sent[0]["status"] == 204 and django.read[0]["body"] == b"hello"


async def test_the_answer_is_caught_whole() -> None:
    answer = await answer_of(Django(403), {"type": "http", "method": "POST", "path": "/"})
    assert (answer.status, answer.body) == (403, b"nobody")
