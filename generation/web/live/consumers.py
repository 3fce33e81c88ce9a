"""The owner's live lines: job events as JSON and preview frames as bytes; and what a watched training run learns.

A page of jobs sends `{"ack":true}` for each frame it has shown; two may be under way, and while they are, only the
latest frame of each job is kept. What a page missed it reads from the rows: the first message is a snapshot. A line
ends with its session; how many a person may have, and what is looked up once for all lines, is `lines`'.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import redis
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from accounts.sessions import SignIn
from accounts.tokens import TokenSignIn
from generation.messages import events
from generation.messages.counters import counters
from generation.messages.frame_hub import FrameHub
from generation.messages.threads import in_thread
from generation.web.live.lines import LINES_A_PERSON, NOT_FOUND, SIGNED_OUT, TOO_MANY, Lines, Rate
from generation.web.live.reading import snapshot, standing

ACK_WINDOW = 2
STRAYS = 60
STRAYS_SECONDS = 10.0
"""So many messages that a page has no reason to send are let pass in so long."""

hub = FrameHub(settings.REDIS_URL)
lines = Lines()


class OwnersLine(AsyncWebsocketConsumer):
    """One line of one session. Whoever has none, or too many lines, is told so by the code that closes it."""

    follows_jobs = False
    ended = False

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            # Where it broke no `disconnect` follows, and its place would be taken for ever.
            if not self.ended:
                with suppress(redis.RedisError, OSError):
                    await self.leave()

    async def connect(self) -> None:
        sign_in: SignIn | TokenSignIn | None = self.scope["sign_in"]
        self.strays = Rate(STRAYS, STRAYS_SECONDS)
        # Accepted first: of a handshake that is refused no page learns the reason.
        await self.accept()
        if sign_in is None:
            await self.end(SIGNED_OUT, "You are signed out.")
            return
        self.sign_in = sign_in
        if lines.join(self):
            await self.open()
        else:
            await self.end(TOO_MANY, f"{LINES_A_PERSON} of your pages are live already; this one asks now and then.")

    async def disconnect(self, code: int) -> None:
        self.ended = True
        await self.leave()

    async def end(self, code: int, reason: str) -> None:
        """Close the line for good; nothing is passed on from here on."""
        if self.ended:
            return
        self.ended = True
        await self.close(code=code, reason=reason)
        await self.leave()

    async def leave(self) -> None:
        if hasattr(self, "sign_in"):
            lines.leave(self)
            await self.hang_up(self.sign_in.owner_id)

    async def open(self) -> None:
        raise NotImplementedError

    async def hang_up(self, owner_id: int) -> None:
        """Undo what `open` has done by now; also where that is nothing."""
        raise NotImplementedError

    async def show_places(self, places: list[dict[str, Any]]) -> None:
        """Only where it follows jobs."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not await self.heard(text_data) and not self.ended and self.strays.exceeded():
            await self.end(TOO_MANY, "This page has sent too much.")

    async def heard(self, text: str | None) -> bool:
        """Whether the page had a reason to say that."""
        return False


class JobsConsumer(OwnersLine):
    """One page of one person. It can only ever see its own person's jobs: the group and the channel are theirs."""

    follows_jobs = True

    async def open(self) -> None:
        owner_id = self.sign_in.owner_id
        self.unacked = 0
        self.waiting: dict[str, bytes] = {}
        self.places: list[dict[str, Any]] = []
        await self.channel_layer.group_add(events.group_of(owner_id), self.channel_name)
        await hub.attach(owner_id, self)
        await self.show_snapshot(owner_id)
        if self.ended:  # while it was opened
            await self.leave()

    async def show_snapshot(self, owner_id: int) -> None:
        jobs, last = await in_thread(snapshot, owner_id)
        await self.send(text_data=json.dumps({"type": "snapshot", "jobs": jobs}))
        for frame in last:
            await self.frame(frame.code, frame.to_bytes())

    async def hang_up(self, owner_id: int) -> None:
        await hub.detach(owner_id, self)
        await self.channel_layer.group_discard(events.group_of(owner_id), self.channel_name)

    async def heard(self, text: str | None) -> bool:
        """The only thing that a page says is that it has shown a frame."""
        if text != '{"ack":true}' or not self.unacked:
            return False
        self.unacked -= 1
        await self.send_waiting()
        return True

    async def job_changed(self, event: dict[str, Any]) -> None:
        """A channel-layer event of this person's group."""
        if not self.ended:
            await self.send(text_data=json.dumps({**event, "type": "job"}))

    async def frame(self, code: str, data: bytes) -> None:
        """A frame from the hub: the latest of each job waits for a place in the window."""
        if code in self.waiting:
            counters.add("previews_dropped", "reader-behind")
        self.waiting[code] = data
        await self.send_waiting()

    async def send_waiting(self) -> None:
        while self.waiting and self.unacked < ACK_WINDOW and not self.ended:
            code = next(iter(self.waiting))
            data = self.waiting.pop(code)
            self.unacked += 1
            await self.send(bytes_data=data)

    async def show_places(self, places: list[dict[str, Any]]) -> None:
        """Quiet when nothing changed."""
        if places != self.places and not self.ended:
            self.places = places
            await self.send(text_data=json.dumps({"type": "places", "jobs": places}))


class RunConsumer(OwnersLine):
    """One page that watches one run of its own person's. It only listens; the first message is the run as it stands."""

    async def open(self) -> None:
        owner_id, code = self.sign_in.owner_id, self.scope["url_route"]["kwargs"]["code"]
        if await in_thread(standing, owner_id, code) is None:
            await self.end(NOT_FOUND, "There is no such training, or it is not yours.")
            return
        self.group = events.group_of_run(code)
        await self.channel_layer.group_add(self.group, self.channel_name)
        # Read after joining, so that nothing is missed in between.
        await self.send(text_data=json.dumps(await in_thread(standing, owner_id, code)))
        if self.ended:  # while it was opened
            await self.leave()

    async def hang_up(self, owner_id: int) -> None:
        if group := getattr(self, "group", ""):
            await self.channel_layer.group_discard(group, self.channel_name)

    async def run_event(self, event: dict[str, Any]) -> None:
        """A channel-layer event of the run's group."""
        if not self.ended:
            await self.send(text_data=json.dumps(event["event"]))


class Nowhere(AsyncWebsocketConsumer):
    """Any other address: the handshake is refused, where a route that is missing would be an error of ours."""

    async def connect(self) -> None:
        await self.close(code=NOT_FOUND)
