"""The websocket answers pages of this site alone, and never somebody who is not signed in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator

from accounts.models import User
from config.asgi import application

HOSTILE = [
    "https://evil.example",
    "null",
    "",
    "http://localhost.evil.example",
    "http://evil.example#localhost",
    "http://evil.example/?localhost",
    "file://",
    "http://localhost@evil.example",
    None,
]


async def connects(origin: str | None, cookie: str = "") -> bool:
    headers = [(b"host", b"localhost"), (b"cookie", cookie.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    socket = WebsocketCommunicator(application, "/ws/jobs/", headers=headers)
    connected, _ = await socket.connect(timeout=5)
    if connected:
        await socket.disconnect()
    return bool(connected)


@pytest.fixture
def cookie(transactional_db: None, alice: User, signed_in: Any) -> str:
    return f"sessionid={signed_in(alice).cookies['sessionid'].value}"


@pytest.mark.parametrize("origin", HOSTILE)
def test_a_page_of_another_site_gets_no_socket(cookie: str, origin: str | None) -> None:
    assert not asyncio.run(connects(origin, cookie))


def test_a_page_of_this_site_gets_one(cookie: str) -> None:
    assert asyncio.run(connects("http://localhost:8000", cookie))


@pytest.mark.django_db(transaction=True)
def test_somebody_not_signed_in_is_told_so_and_hears_nothing() -> None:
    async def first_word() -> dict[str, Any]:
        headers = [(b"host", b"localhost"), (b"origin", b"http://localhost:8000")]
        socket = WebsocketCommunicator(application, "/ws/jobs/", headers=headers)
        await socket.connect(timeout=5)
        return dict(await socket.receive_output(timeout=5))

    said = asyncio.run(first_word())
    assert (said["type"], said["code"]) == ("websocket.close", 4401)
