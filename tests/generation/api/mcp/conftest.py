"""Agents of people: the official client, with a token, against the whole ASGI application in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx2
from knox.models import get_token_model
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from accounts.models import User
from config.asgi import application
from tests.generation.conftest import catalog, draw, draw_next, queue

__all__ = ["catalog", "draw", "draw_next", "queue"]

URL = "http://localhost/mcp"


def token_for(user: User, **fields: Any) -> str:
    _, key = get_token_model().objects.create(user=user, **fields)
    return str(key)


def web(token: str = "", **headers: str) -> httpx2.AsyncClient:
    """A program's own http."""
    named = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx2.ASGITransport(app=cast(Any, application))
    return httpx2.AsyncClient(transport=transport, headers={**named, **headers}, timeout=60)


@asynccontextmanager
async def agent(token: str, mode: str = "auto") -> AsyncIterator[Client]:
    """An agent that has said hello; `mode` is the generation of the protocol that it speaks."""
    async with web(token) as http, Client(streamable_http_client(URL, http_client=http), mode=mode) as client:
        yield client
