"""What an open answer hears of a person's jobs: hints of changes and frames, gathered until it has read them.

Of each job only the latest is kept, so that an answer that nobody reads grows no further. Rows are the truth: a hint
says that it is worth looking, and what was missed is found by looking again.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import redis
from channels.layers import get_channel_layer
from django.conf import settings

from generation.api.streams import Caller, streams
from generation.messages import events
from generation.messages.frame_hub import FrameHub

hub = FrameHub(settings.REDIS_URL)


class JobFeed:
    """One open answer's ears, of one job (`only`, by its code) or of all of the person's. Use it as `async with`.

    `is_open` is False from the moment that what opened it stands no more, or where the person has too many.
    """

    def __init__(self, caller: Caller, owner_id: int, only: str = "") -> None:
        self.caller = caller
        self.owner_id = owner_id
        self.only = only
        self.changed: set[str] = set()
        """Codes of the jobs that may be in another state."""
        self.frames: dict[str, bytes] = {}
        self.is_open = self.is_joined = False
        self._heard = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._channel = ""

    async def __aenter__(self) -> Self:
        self.is_open = self.is_joined = streams.join(self)
        if self.is_open:
            try:
                await self._listen()
            except BaseException:
                await self.close()
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _listen(self) -> None:
        layer: Any = get_channel_layer()
        # Where the broker is away nothing is heard, and the rows are looked at all the same.
        with suppress(redis.RedisError, OSError):
            self._channel = await layer.new_channel()
            await layer.group_add(events.group_of(self.owner_id), self._channel)
            self._listening = asyncio.create_task(self._receive(layer))
            await hub.attach(self.owner_id, self)

    async def _receive(self, layer: Any) -> None:
        with suppress(redis.RedisError, OSError):
            while True:
                message = await layer.receive(self._channel)
                if message["type"] == "job.changed":
                    self._note(message["code"])

    def _note(self, code: str) -> None:
        if self.only in ("", code):
            self.changed.add(code)
            self._heard.set()

    async def frame(self, code: str, data: bytes) -> None:
        """A frame from the hub."""
        if self.only in ("", code):
            self.frames[code] = data
            self._heard.set()

    def end(self) -> None:
        self.is_open = False
        self._heard.set()

    async def hear(self, seconds: float) -> bool:
        """Wait until there is something to look at; False when so long nothing was."""
        try:
            await asyncio.wait_for(self._heard.wait(), seconds)
        except TimeoutError:
            return False
        self._heard.clear()
        return True

    def take_changed(self) -> set[str]:
        codes, self.changed = self.changed, set()
        return codes

    def take_frames(self) -> dict[str, bytes]:
        frames, self.frames = self.frames, {}
        return frames

    async def close(self) -> None:
        self.is_open = self.is_joined = False
        streams.leave(self)
        with suppress(redis.RedisError, OSError):
            await hub.detach(self.owner_id, self)
            if self._channel:
                layer: Any = get_channel_layer()
                await layer.group_discard(events.group_of(self.owner_id), self._channel)
        if self._listening is not None:
            self._listening.cancel()  # which gives the channel back too
            with suppress(asyncio.CancelledError):
                await self._listening
