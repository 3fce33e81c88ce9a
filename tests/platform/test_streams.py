"""Answers that stay open, on the true server: sent as they are read, and closed with the token that opened them."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.web.http_headers import Headers

from accounts.models import ApiToken, User
from config import web_server
from config.web_server import Channel, Request, send_as_it_is_read
from tests.platform.test_bodies import Line, bearer, line, web

__all__ = ["line", "web"]

PIECE = {"type": "http.response.body", "body": b"x", "more_body": True}


@pytest.fixture
def request_of_a_reader(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A request whose answer goes nowhere, and whose channel says when there is room."""

    async def nowhere(*args: object) -> None: ...

    monkeypatch.setattr(web_server, "send_at_once", nowhere)
    channel = Channel()
    channel._networkProducer = SimpleNamespace(pauseProducing=lambda: None, resumeProducing=lambda: None)
    request = Request.__new__(Request)
    request.channel, request.head, request.requestHeaders = channel, (b"GET", b"/x"), Headers()
    return request


@pytest.mark.asyncio
async def test_pieces_wait_until_they_are_read(request_of_a_reader: Any) -> None:
    channel = request_of_a_reader.channel
    await asyncio.wait_for(send_as_it_is_read(None, request_of_a_reader, PIECE), 1)
    channel.pauseProducing()
    await asyncio.wait_for(send_as_it_is_read(None, request_of_a_reader, {**PIECE, "more_body": False}), 1)
    waiting = asyncio.create_task(send_as_it_is_read(None, request_of_a_reader, PIECE))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    channel.resumeProducing()
    await asyncio.wait_for(waiting, 1)


@pytest.mark.asyncio
async def test_who_reads_nothing_is_cut_off(request_of_a_reader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "LAGGING_SECONDS", 0.05)
    cut: list[bool] = []
    channel = request_of_a_reader.channel
    channel.transport = SimpleNamespace(abortConnection=lambda: cut.append(True))
    channel.pauseProducing()
    await asyncio.wait_for(send_as_it_is_read(None, request_of_a_reader, PIECE), 1)
    assert cut == [True]


def test_a_stream_ends_with_its_token(line: Line, transactional_db: None, alice: User) -> None:
    line.head("/api/v1/jobs/events", bearer(alice), "GET")
    line.socket.settimeout(10)
    with line.socket.makefile("rb") as lines:
        assert b" 200 " in lines.readline()
        while b"event: open" not in lines.readline():
            pass
        started = time.monotonic()
        ApiToken.objects.all().delete()
        while b"event: end" not in (text := lines.readline()):
            assert text
        assert b"no-longer-allowed" in lines.readline()
    assert time.monotonic() - started < 1.5
