"""Agents over a socket, against the true web server and a worker that draws: the quick start, and agents that leave."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
from channels.db import database_sync_to_async
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

from accounts.models import ApiToken, Plan, User
from generation.models import Job
from tests.architecture.sources import ROOT
from tests.conftest import credits_of
from tests.journeys.site import Site

HELP = ROOT / "templates" / "generation" / "help"
SMALL = {"prompt": "a red apple", "width": 128, "height": 128, "steps": 4}
PATIENCE_SECONDS = 120
in_database = database_sync_to_async


@pytest.fixture
def key(site: Site, alice: User) -> str:
    return str(ApiToken.objects.create(user=alice, name="agent")[1])


def run_quick_start(site: Site, key: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(HELP / "snippets" / "mcp_quick_start.py")],
        cwd=folder,
        env={**os.environ, "TEMPERA_URL": site.address, "TEMPERA_TOKEN": key},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_quick_start_makes_two_pictures(site: Site, key: str, tmp_path: Path) -> None:
    done = run_quick_start(site, key, tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["apple-7.png", "apple-8.png"]
    for path in tmp_path.glob("*.png"):
        with Image.open(path) as picture:
            assert picture.format == "PNG" and "red apple" in picture.info["parameters"]
    assert "Drawing" in done.stdout
    assert Job.objects.count() == 2


def test_the_quick_start_tells_what_is_refused(site: Site, key: str, tmp_path: Path) -> None:
    Plan.objects.update(max_pictures=1)
    done = run_quick_start(site, key, tmp_path)
    assert (done.returncode, done.stderr.strip()) == (1, "too-many-pictures: Your plan makes 1 picture at once.")


def test_the_settings_can_be_typed(site: Site, key: str) -> None:
    """The file of the guide as it stands, read as clients read it."""
    page = (HELP / "mcp.html").read_text(encoding="utf-8")
    typed = re.search(r'<pre [^>]*id="mcp-settings"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert typed is not None
    settings = json.loads(typed[1].replace("{{ site_url }}", site.address).replace("${TEMPERA_TOKEN}", key))
    server = settings["mcpServers"]["tempera"]

    async def names() -> set[str]:
        async with (
            httpx2.AsyncClient(headers=server["headers"], timeout=60) as http,
            Client(streamable_http_client(server["url"], http_client=http)) as client,
        ):
            return {tool.name for tool in (await client.list_tools()).tools}

    assert server["type"] == "http"
    assert {"make_picture", "publish"} <= asyncio.run(names())


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_an_agent_that_leaves_has_its_picture_all_the_same(site: Site, key: str, alice: User, mode: str) -> None:
    """It is drawn once and paid once."""

    async def ask_and_leave() -> None:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http,
            Client(streamable_http_client(f"{site.address}/mcp", http_client=http), mode=mode) as client,
        ):
            asking = asyncio.create_task(client.call_tool("make_picture", {**SMALL, "wait": 120}))
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not await in_database(Job.objects.exists)():
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)
            asking.cancel()

    asyncio.run(ask_and_leave())
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not Job.objects.filter(state="done").exists():
        assert time.monotonic() < deadline, Job.objects.get().state
        time.sleep(0.1)
    job = Job.objects.get()
    assert credits_of(alice) == 1000 - job.credits


def test_many_agents_at_once_lose_nothing(site: Site, key: str, alice: User) -> None:
    async def one(number: int) -> str:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=300) as http,
            Client(streamable_http_client(f"{site.address}/mcp", http_client=http)) as client,
        ):
            answer = await client.call_tool("make_picture", {**SMALL, "seed": number, "wait": 240})
            return str(answer.structured_content["jobs"][0]["state"])

    async def all_of_them() -> list[str]:
        return await asyncio.gather(*(one(number) for number in range(8)))

    assert asyncio.run(all_of_them()) == ["done"] * 8
    assert Job.objects.count() == 8
    assert credits_of(alice) == 1000 - sum(job.credits for job in Job.objects.all())


def test_a_large_body_is_refused_before_it_is_read(site: Site, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with httpx2.Client(headers=headers, timeout=60) as http:
        answer = http.post(f"{site.address}/mcp", content=b"x" * (2 * 2**20))
    assert answer.status_code == 413
