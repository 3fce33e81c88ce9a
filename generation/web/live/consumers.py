"""The owner's live lines: job events as JSON and preview frames as bytes; and what a watched training run learns.

A page of jobs sends `{"ack": true}` for each frame it has shown; two may be under way, and while they are, only the
latest frame of each job is kept. What a page missed it reads from the rows: the first message is a snapshot.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from generation.jobs import queueing
from generation.messages import events, frames
from generation.messages.frame_hub import FrameHub
from generation.models import Job, TrainingRun

ACK_WINDOW = 2
PLACES_EVERY_SECONDS = 2.0
NOT_SIGNED_IN = 4401
NOT_FOUND = 4404

hub = FrameHub(settings.REDIS_URL)


class JobsConsumer(AsyncWebsocketConsumer):
    """One page of one person. It can only ever see its own person's jobs: the group and the channel are theirs."""

    async def connect(self) -> None:
        self.user = self.scope["user"]
        self.unacked = 0
        self.waiting: dict[str, bytes] = {}
        if not self.user.is_authenticated:
            await self.accept()
            await self.close(code=NOT_SIGNED_IN)
            return
        await self.accept()
        await self.channel_layer.group_add(events.group_of(self.user.pk), self.channel_name)
        await hub.attach(self.user.pk, self)
        await self.send_snapshot()
        self.places = asyncio.create_task(self.send_places())

    async def disconnect(self, code: int) -> None:
        if not self.user.is_authenticated:
            return
        if places := getattr(self, "places", None):
            places.cancel()
        await hub.detach(self.user.pk, self)
        await self.channel_layer.group_discard(events.group_of(self.user.pk), self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """The only thing a page says is that it has shown a frame; anything else is ignored."""
        if text_data == '{"ack":true}' and self.unacked:
            self.unacked -= 1
            await self.send_waiting()

    async def job_changed(self, event: dict[str, Any]) -> None:
        """A channel-layer event of this person's group."""
        await self.send(text_data=json.dumps({**event, "type": "job"}))

    async def frame(self, code: str, data: bytes) -> None:
        """A frame from the hub: the latest of each job waits for a place in the window."""
        self.waiting[code] = data
        await self.send_waiting()

    async def send_waiting(self) -> None:
        while self.waiting and self.unacked < ACK_WINDOW:
            code = next(iter(self.waiting))
            data = self.waiting.pop(code)
            self.unacked += 1
            await self.send(bytes_data=data)

    async def send_snapshot(self) -> None:
        jobs, frames = await database_sync_to_async(snapshot)(self.user.pk)
        await self.send(text_data=json.dumps({"type": "snapshot", "jobs": jobs}))
        for frame in frames:
            await self.frame(frame.code, frame.to_bytes())

    async def send_places(self) -> None:
        """While something of this person's waits, say at which place. Quiet when nothing changed."""
        sent: list[dict[str, Any]] = []
        while True:
            now = await database_sync_to_async(waiting_places)(self.user.pk)
            if now != sent:
                await self.send(text_data=json.dumps({"type": "places", "jobs": now}))
                sent = now
            await asyncio.sleep(PLACES_EVERY_SECONDS)


class RunConsumer(AsyncWebsocketConsumer):
    """One page that watches one run of its own person's. It only listens; the first message is the run as it stands."""

    async def connect(self) -> None:
        user, code = self.scope["user"], self.scope["url_route"]["kwargs"]["code"]
        self.group = ""
        await self.accept()
        if not user.is_authenticated:
            await self.close(code=NOT_SIGNED_IN)
        elif await database_sync_to_async(standing)(user.pk, code) is None:
            await self.close(code=NOT_FOUND)
        else:
            self.group = events.group_of_run(code)
            await self.channel_layer.group_add(self.group, self.channel_name)
            # Read after joining, so that nothing is missed in between.
            await self.send(text_data=json.dumps(await database_sync_to_async(standing)(user.pk, code)))

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def run_event(self, event: dict[str, Any]) -> None:
        """A channel-layer event of the run's group."""
        await self.send(text_data=json.dumps(event["event"]))


class Nowhere(AsyncWebsocketConsumer):
    """Any other address: the handshake is refused, where a route that is missing would be an error of ours."""

    async def connect(self) -> None:
        await self.close(code=NOT_FOUND)


def standing(owner_id: int, code: str) -> dict[str, Any] | None:
    """How the run stands, in the words of its progress events; None when it is not this person's."""
    run = TrainingRun.objects.of(owner_id).filter(code=code).first()
    if run is None:
        return None
    step, loss, validation = run.curve[-1] if run.curve else (run.step, None, None)
    return {
        "type": "progress", "step": run.step, "steps": run.steps, "loss": loss,
        "validation": validation if step == run.step else None, "seconds_left": run.seconds_left, "state": run.state,
    }  # fmt: skip


def snapshot(owner_id: int) -> tuple[list[dict[str, Any]], list[frames.Frame]]:
    """States of the owner's unfinished jobs, and their latest frames."""
    jobs = list(Job.objects.of(owner_id).unfinished())
    last = (frames.last_frame(job.code) for job in jobs if job.state == Job.State.RUNNING)
    return [{"code": job.code, "state": job.state} for job in jobs], [frame for frame in last if frame]


def waiting_places(owner_id: int) -> list[dict[str, Any]]:
    """Place in the queue, seconds until the start and what it waits for, for each waiting job of the owner."""
    jobs = list(Job.objects.of(owner_id).queued().order_by("virtual_start", "id")[:50])
    waits = queueing.waits(jobs)
    return [
        {
            "code": job.code,
            "place": wait.place,
            "seconds": None if wait.seconds is None else round(wait.seconds),
            "reason": wait.reason,
        }
        for job in jobs
        if (wait := waits.get(job.pk))  # started or cancelled since it was read: an event says so
    ]
