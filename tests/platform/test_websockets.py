"""What the web server itself bounds of a websocket: pings; and that a page learns why it was closed."""

from __future__ import annotations

from typing import Any

import pytest
from daphne.ws_protocol import WebSocketFactory

import config.asgi
from config.websockets import PINGS, BoundedProtocol


class Bare(BoundedProtocol):
    """Without a transport: what it would send is noted."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []
        self.state = self.STATE_OPEN

    def sendPong(self, payload: bytes) -> None:
        self.sent.append(("pong", payload))

    def sendClose(self, code: int | None = None, reason: str | None = None) -> None:
        self.sent.append(("close", code, reason))


@pytest.fixture
def protocol() -> Bare:
    return Bare()


def test_the_site_runs_on_it() -> None:
    assert config.asgi.application is not None
    assert WebSocketFactory.protocol is BoundedProtocol


def test_pings_have_a_rate(protocol: Bare) -> None:
    for _ in range(PINGS):
        protocol.onPing(b"x")
    assert protocol.sent == [("pong", b"x")] * PINGS
    protocol.onPing(b"x")
    assert protocol.sent[-1] == ("close", 4429, "Too many pings.")


def test_a_close_tells_its_reason(protocol: Bare) -> None:
    protocol.handle_reply({"type": "websocket.close", "code": 4401, "reason": "You are signed out."})
    protocol.handle_reply({"type": "websocket.close", "code": 1000})
    assert protocol.sent == [("close", 4401, "You are signed out."), ("close", 1000, None)]
