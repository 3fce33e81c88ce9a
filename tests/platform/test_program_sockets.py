"""Websockets of programs through the whole application: a token in the handshake, or a ticket, and never a cookie."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from knox.models import get_token_model
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from config.asgi import application
from generation.api.people import SIGNED
from tests.generation.api.test_people import SECRET, operator, signed
from tests.generation.conftest import Queue, catalog, queue

__all__ = ["catalog", "operator", "queue"]

pytestmark = pytest.mark.django_db(transaction=True)


def first_word(query: str = "", **headers: str) -> dict[str, Any]:
    """The first message of a line that was opened from wherever: the snapshot, or how it was closed."""

    async def listen() -> dict[str, Any]:
        named = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        socket = WebsocketCommunicator(application, f"/ws/jobs/{query}", headers=[(b"host", b"localhost"), *named])
        await socket.connect(timeout=5)
        said: dict[str, Any] = await socket.receive_output(timeout=5)
        await socket.disconnect()
        return said

    return asyncio.run(listen())


@pytest.fixture
def key(alice: User) -> str:
    _, key = get_token_model().objects.create(user=alice)
    return str(key)


@pytest.mark.parametrize("origin", [{}, {"Origin": "https://elsewhere.example"}])
def test_a_token_in_the_handshake_opens_a_line(key: str, origin: dict[str, str]) -> None:
    said = first_word(Authorization=f"Bearer {key}", **origin)
    assert json.loads(said["text"])["type"] == "snapshot"


def test_a_ticket_opens_one_line(key: str) -> None:
    api = APIClient(headers={"Authorization": f"Bearer {key}"})
    ticket = api.post("/api/v1/lines").json()["ticket"]
    assert json.loads(first_word(f"?ticket={ticket}")["text"])["type"] == "snapshot"
    assert first_word(f"?ticket={ticket}")["code"] == 4401


def test_a_ticket_of_a_token_that_has_ended(key: str) -> None:
    ticket = APIClient(headers={"Authorization": f"Bearer {key}"}).post("/api/v1/lines").json()["ticket"]
    ApiToken.objects.all().delete()
    assert first_word(f"?ticket={ticket}")["code"] == 4401


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer é", "bearer ", "Bearer a b"])
def test_a_token_that_is_none(alice: User, header: str) -> None:
    said = first_word(Authorization=header)
    assert (said["type"], said["code"]) == ("websocket.close", 4401) and said["reason"]


@pytest.mark.parametrize("query", ["?ticket=x", "?ticket=%00", "?ticket=%ff"])
def test_a_ticket_that_is_none(alice: User, query: str) -> None:
    assert first_word(query)["code"] == 4401


def test_a_cookie_beside_a_ticket_is_not_read(alice: User, signed_in: Any) -> None:
    cookie = f"sessionid={signed_in(alice).cookies['sessionid'].value}"
    assert first_word("?ticket=x", Cookie=cookie, Origin="http://localhost:8000")["code"] == 4401


def test_the_password_of_a_proxy_is_no_token(alice: User, signed_in: Any) -> None:
    cookie = f"sessionid={signed_in(alice).cookies['sessionid'].value}"
    page = {"Cookie": cookie, "Origin": "http://localhost:8000"}
    said = first_word(Authorization="Basic Ym9iOmJvYg==", **page)
    assert json.loads(said["text"]) == {"type": "snapshot", "jobs": []}


@pytest.fixture
def speaking(operator: User) -> str:
    """The key of a token that speaks for people."""
    _, key = ApiToken.objects.create(user=operator, name="web", speaks_for_people=True, people_secret=SECRET)
    return str(key)


def test_the_line_is_whose_the_program_names(speaking: str, alice: User, operator: User, queue: Queue) -> None:
    (job,), _ = queue(alice), queue(operator)
    named = first_word(Authorization=f"Bearer {speaking}", **{SIGNED: signed()})
    assert [each["code"] for each in json.loads(named["text"])["jobs"]] == [job.code]
    ticket = APIClient(headers={"Authorization": f"Bearer {speaking}", SIGNED: signed()}).post("/api/v1/lines").json()
    asked = first_word(f"?ticket={ticket['ticket']}")
    assert [each["code"] for each in json.loads(asked["text"])["jobs"]] == [job.code]


@pytest.mark.parametrize("header", [{SIGNED: "nobody.signed.it"}, {"X-OpenWebUI-User-Email": "alice@example.org"}])
def test_a_name_that_nobody_signed_opens_no_line(speaking: str, alice: User, header: dict[str, str]) -> None:
    assert first_word(Authorization=f"Bearer {speaking}", **header)["code"] == 4401
