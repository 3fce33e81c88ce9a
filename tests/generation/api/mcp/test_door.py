"""Who comes in to the MCP server at all: whoever brings a token, and no page of another site."""

from __future__ import annotations

from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.test import Client

from accounts.models import User
from generation.messages import counters
from tests.generation.api.mcp.conftest import URL, token_for, web

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
ACCEPT = "application/json, text/event-stream"
in_database = database_sync_to_async


async def test_nobody_comes_in_without_a_token() -> None:
    async with web(Accept=ACCEPT) as http:
        answer = await http.post(URL, json=PING)
    assert answer.status_code == 401 and answer.json()["code"] == "not-authenticated"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", [b"Bearer nonsense", b"Bearer tmp_" + b"0" * 60, b"Bearer \xe9", b"Bearer", b"\xff"])
async def test_a_token_that_is_none(header: bytes) -> None:
    async with web(Accept=ACCEPT) as http:
        answer = await http.post(URL, json=PING, headers=[(b"authorization", header)])
    assert answer.status_code == 401


async def test_a_cookie_is_none_either(alice: User) -> None:
    browser = Client()
    await in_database(browser.force_login)(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    async with web(Accept=ACCEPT, Cookie=f"sessionid={browser.cookies['sessionid'].value}") as http:
        assert (await http.post(URL, json=PING)).status_code == 401


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8000", 200),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://localhost.evil.example", 403),
        ("", 403),
    ],
)
async def test_pages_of_other_sites_stay_outside(alice: User, origin: str, status: int) -> None:
    async with web(await in_database(token_for)(alice), Accept=ACCEPT, Origin=origin) as http:
        assert (await http.post(URL, json=PING)).status_code == status


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_other_methods_are_none(alice: User, method: str) -> None:
    async with web(await in_database(token_for)(alice), Accept=ACCEPT) as http:
        assert (await http.request(method, URL)).status_code == 405


async def test_a_host_that_is_not_ours(alice: User) -> None:
    async with web(await in_database(token_for)(alice), Accept=ACCEPT) as http:
        assert (await http.post("http://evil.example/mcp", json=PING)).status_code == 400


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"[" * 100_000, b'{"jsonrpc":"2.0","id":1,"method":7}', b"\xff"]
)
async def test_a_body_that_is_no_message(alice: User, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with web(await in_database(token_for)(alice), Accept=ACCEPT) as http:
        answer: Any = await http.post(URL, content=body, headers=headers)
    assert 400 <= answer.status_code < 500


async def test_clients_are_led_to_who_hands_out_tokens(settings: Any) -> None:
    settings.OAUTH_PROVIDER = True
    async with web(Accept=ACCEPT) as http:
        refused = await http.post(URL, json=PING)
        address = f"{settings.SITE_URL}/.well-known/oauth-protected-resource/mcp"
        assert refused.headers["www-authenticate"] == f'Bearer resource_metadata="{address}"'
        document = (await http.get("http://localhost/.well-known/oauth-protected-resource/mcp")).json()
    assert document["resource"] == f"{settings.SITE_URL}/mcp"
    assert document["authorization_servers"] == [settings.SITE_URL]


async def test_nobody_is_led_to_tokens_while_nobody_hands_them_out() -> None:
    async with web() as http:
        answer = await http.get("http://localhost/.well-known/oauth-protected-resource/mcp")
    assert answer.status_code == 404


async def test_every_request_is_counted_once_by_what_it_was_answered(alice: User) -> None:
    """Not by what the door says to the server of tools, which nobody is sent."""
    before = await in_database(counted)()
    async with web(await in_database(token_for)(alice), Accept=ACCEPT) as http:
        await http.post(URL, json=PING)
        await http.get(URL)
    async with web(Accept=ACCEPT) as http:
        await http.post(URL, json=PING)
    after = await in_database(counted)()
    more = {series: amount - before.get(series, 0) for series, amount in after.items()}
    assert {series: amount for series, amount in more.items() if amount} == {
        ("POST", "/mcp", "200"): 1, ("GET", "/mcp", "405"): 1, ("POST", "/mcp", "401"): 1,
    }  # fmt: skip


def counted() -> dict[tuple[str, ...], float]:
    counters.counters.flush()
    return {series[1:]: amount for series, amount in counters.totals().items() if series[0] == "http_requests"}
