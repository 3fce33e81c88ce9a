"""The live line: a snapshot first, then only one's own events and frames, two frames under way at most.

How it ends is in `test_lines.py`.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from accounts.models import User
from generation.jobs import lifecycle
from generation.jobs.queueing import claim_next
from generation.messages import frames
from generation.web.live.consumers import STRAYS, JobsConsumer
from generation.web.live.lines import NOT_FOUND, SIGNED_OUT, TOO_MANY
from generation.web.live.routing import websocket_urlpatterns
from tests.generation.conftest import Queue
from tests.generation.web.live.conftest import signed_in_as

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


class Page:
    """A browser page's end of the line."""

    def __init__(self, user: Any) -> None:
        self.line = WebsocketCommunicator(JobsConsumer.as_asgi(), "/ws/jobs/")
        self.user = user
        self.heard: list[dict[str, Any]] = []

    async def open(self) -> dict[str, Any]:
        self.line.scope["sign_in"] = await signed_in_as(self.user)
        await self.line.connect()
        return await self.message("snapshot")

    async def message(self, kind: str) -> dict[str, Any]:
        """The next message of that kind; those of other kinds are kept for later."""
        while not (found := [message for message in self.heard if message["type"] == kind]):
            received = await self.line.receive_from(timeout=5)
            self.heard += [json.loads(received)] if isinstance(received, str) else []
        self.heard.remove(found[0])
        return found[0]

    async def frame(self, timeout: float = 5) -> frames.Frame:
        while isinstance(received := await self.line.receive_from(timeout=timeout), str):
            pass
        return frames.Frame.from_bytes(received)

    async def ack(self) -> None:
        await self.line.send_to(text_data='{"ack":true}')


def publish(owner: User, code: str, step: int) -> None:
    frames.publish_frame(owner.pk, frames.Frame(code, step, step, 100, 1.0, b"x"))


async def test_a_stranger_without_a_name_is_turned_away(db: None) -> None:
    page = Page(None)
    page.line.scope["sign_in"] = None
    await page.line.connect()
    assert (await page.line.receive_output(timeout=5))["code"] == SIGNED_OUT


async def test_the_snapshot_and_the_last_frame_come_first(alice: User, queue: Queue) -> None:
    waiting, _ = await database_sync_to_async(queue)(alice, count=2)
    running = await database_sync_to_async(claim_next)("w")
    await database_sync_to_async(publish)(alice, running.code, 30)
    page = Page(alice)
    states = {job["code"]: job["state"] for job in (await page.open())["jobs"]}
    assert sorted(states.values()) == ["queued", "running"]
    assert (await page.frame()).percent == 30
    await page.line.disconnect()


async def test_changes_and_places_arrive(alice: User, queue: Queue) -> None:
    page = Page(alice)
    await page.open()
    (job,) = await database_sync_to_async(queue)(alice)
    assert (await page.message("job"))["state"] == "queued"
    told = (await page.message("places"))["jobs"][0]
    nobody = "Waiting for a worker; none is at work right now."
    assert told == {"code": job.code, "place": 1, "seconds": None, "reason": nobody}
    await database_sync_to_async(lifecycle.cancel_job)(job)
    assert (await page.message("job"))["state"] == "cancelled"
    await page.line.disconnect()


async def test_while_two_are_under_way_only_the_latest_is_kept(alice: User) -> None:
    page = Page(alice)
    await page.open()
    for step in range(1, 7):
        await database_sync_to_async(publish)(alice, "one", step)
        if step <= 2:
            assert (await page.frame()).step == step
    assert await page.line.receive_nothing(timeout=0.5)
    await page.ack()
    assert (await page.frame()).step == 6
    await page.line.disconnect()


async def test_charlie_sees_nothing_of_alice(alice: User, charlie: User, queue: Queue) -> None:
    page = Page(charlie)
    await page.open()
    (job,) = await database_sync_to_async(queue)(alice)
    await database_sync_to_async(publish)(alice, job.code, 1)
    assert await page.line.receive_nothing(timeout=1), "charlie heard of alice's job"
    await page.line.disconnect()


async def test_nonsense_is_ignored(alice: User) -> None:
    page = Page(alice)
    await page.open()
    for nonsense in ("hello", "[]", "{", '{"ack":true}' * 1000):
        await page.line.send_to(text_data=nonsense)
    await page.line.send_to(bytes_data=b"\xff" * 1000)
    await database_sync_to_async(publish)(alice, "one", 1)
    assert (await page.frame()).step == 1
    await page.line.disconnect()


async def test_much_nonsense_ends_the_line(alice: User) -> None:
    page = Page(alice)
    await page.open()
    for _ in range(STRAYS + 1):
        await page.line.send_to(text_data='{"ack":true}')
    closed = await page.line.receive_output(timeout=5)
    assert (closed["type"], closed["code"]) == ("websocket.close", TOO_MANY)
    assert closed["reason"]


async def test_an_ack_of_each_frame_is_never_too_much(alice: User) -> None:
    page = Page(alice)
    await page.open()
    for step in range(2 * STRAYS):
        await database_sync_to_async(publish)(alice, "one", step)
        assert (await page.frame()).step == step
        await page.ack()
    await page.line.disconnect()


@pytest.mark.parametrize("path", ["/ws/nowhere/", "/", "/ws/jobs", "/ws/runs/a.b/", "/admin/"])
async def test_another_address_is_refused(path: str) -> None:
    line = WebsocketCommunicator(URLRouter(websocket_urlpatterns), path)
    assert await line.connect() == (False, NOT_FOUND)
