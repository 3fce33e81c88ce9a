"""Agents of people: the official client, with a token, against the whole ASGI application in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import numpy as np
from knox.models import get_token_model
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from accounts.models import User
from config.asgi import application
from generation.jobs.lifecycle import finish_job
from generation.jobs.queueing import claim_next
from generation.models import GeneratedImage
from tests.generation.conftest import catalog, draw, queue

__all__ = ["catalog", "draw", "queue"]

URL = "http://localhost/mcp"


def token_for(user: User, **fields: Any) -> str:
    _, key = get_token_model().objects.create(user=user, **fields)
    return str(key)


def web(token: str = "", **headers: str) -> httpx2.AsyncClient:
    """A program's own http."""
    named = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=application), headers={**named, **headers}, timeout=60)


@asynccontextmanager
async def agent(token: str, mode: str = "auto") -> AsyncIterator[Client]:
    """An agent that has said hello; `mode` is the generation of the protocol that it speaks."""
    async with web(token) as http, Client(streamable_http_client(URL, http_client=http), mode=mode) as client:
        yield client


def draw_next() -> GeneratedImage:
    """Finish the next job of the queue; only the pixels are made up."""
    job = claim_next("test-worker")
    assert job is not None
    pixels = np.random.default_rng(job.pk).integers(0, 255, (job.recipe.height, job.recipe.width, 3), np.uint8)
    image = finish_job(job, pixels, 0.1)
    assert image is not None
    return image
