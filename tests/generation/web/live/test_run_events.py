"""The line of a watched run: how it stands first, then what it learns; for its owner alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from accounts.models import User
from generation.messages import events
from generation.models import TrainingRun
from generation.training.runs import controls
from generation.web.live.lines import NOT_FOUND, SIGNED_OUT
from generation.web.live.routing import websocket_urlpatterns
from tests.generation.training.conftest import QueueRun
from tests.generation.web.live.conftest import signed_in_as

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


async def open_line(user: User | None, run: TrainingRun) -> WebsocketCommunicator:
    line = WebsocketCommunicator(URLRouter(websocket_urlpatterns), f"/ws/runs/{run.code}/")
    line.scope["sign_in"] = await signed_in_as(user) if user else None
    await line.connect()
    return line


async def hear(line: WebsocketCommunicator) -> dict[str, Any]:
    heard: dict[str, Any] = json.loads(await line.receive_from(timeout=5))
    return heard


async def test_how_it_stands_then_what_happens(alice: User, queue_run: QueueRun) -> None:
    run = await database_sync_to_async(queue_run)()
    await database_sync_to_async(TrainingRun.objects.filter(pk=run.pk).update)(step=10, curve=[[10, 0.5, 0.6]])
    line = await open_line(alice, run)
    stands = {"step": 10, "steps": 20, "loss": 0.5, "validation": 0.6, "seconds_left": None, "state": "queued"}
    assert await hear(line) == {"type": "progress", **stands}
    learned = events.RunProgress(11, 20, 0.4, None, 3.0, "running")
    await database_sync_to_async(events.publish_run)(run.code, learned)
    assert (await hear(line))["step"] == 11
    await database_sync_to_async(events.publish_run)(run.code, events.RunSnapshot(20))
    assert await hear(line) == {"type": "snapshot", "step": 20}
    await database_sync_to_async(controls.pause_run)(run)
    assert await hear(line) == {"type": "state", "state": "paused"}
    await line.disconnect()


async def test_nobody_else_hears_anything(charlie: User, queue_run: QueueRun) -> None:
    run = await database_sync_to_async(queue_run)()
    for user, code in ((charlie, NOT_FOUND), (None, SIGNED_OUT)):
        line = await open_line(user, run)
        assert (await line.receive_output(timeout=5))["code"] == code
        await database_sync_to_async(events.publish_run)(run.code, events.RunSnapshot(20))
        assert await line.receive_nothing()
