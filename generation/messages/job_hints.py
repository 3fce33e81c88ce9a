"""What one listener hears of a person's jobs: hints of changes and frames, gathered until it has looked at them.

Of each job only the latest is kept, so that a listener that looks at nothing grows no further. Rows are the truth: a
hint says that it is worth looking, and what was missed is found by looking again.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import redis
from channels.layers import get_channel_layer
from django.conf import settings

from generation.messages import events
from generation.messages.frame_hub import FrameHub

hub = FrameHub(settings.REDIS_URL)


class JobHints:
    """Of one job (`only`, by its code), or of all of the person's."""

    def __init__(self, owner_id: int, only: str = "") -> None:
        self.owner_id = owner_id
        self.only = only
        self._changed: set[str] = set()
        self._frames: dict[str, bytes] = {}
        self._heard = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._channel = ""

    async def listen(self) -> None:
        """Begin. Where the broker is away nothing is ever heard."""
        layer: Any = get_channel_layer()
        with suppress(redis.RedisError, OSError):
            self._channel = await layer.new_channel()
            await layer.group_add(events.group_of(self.owner_id), self._channel)
            self._listening = asyncio.create_task(self._receive(layer))
            await hub.attach(self.owner_id, self)

    async def stop(self) -> None:
        """Any number of times, and also where it never began."""
        with suppress(redis.RedisError, OSError):
            await hub.detach(self.owner_id, self)
            if self._channel:
                layer: Any = get_channel_layer()
                await layer.group_discard(events.group_of(self.owner_id), self._channel)
        if self._listening is not None:
            self._listening.cancel()  # which gives the channel back too
            with suppress(asyncio.CancelledError):
                await self._listening

    async def _receive(self, layer: Any) -> None:
        with suppress(redis.RedisError, OSError):
            while True:
                message = await layer.receive(self._channel)
                if message["type"] == "job.changed" and self.only in ("", message["code"]):
                    self._changed.add(message["code"])
                    self._heard.set()

    async def frame(self, code: str, data: bytes) -> None:
        """A frame from the hub."""
        if self.only in ("", code):
            self._frames[code] = data
            self._heard.set()

    def wake(self) -> None:
        """Have `hear` return now."""
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
        """Codes of the jobs that may be in another state, once."""
        codes, self._changed = self._changed, set()
        return codes

    def take_frames(self) -> dict[str, bytes]:
        """The latest frame of each job that has a new one, once."""
        frames, self._frames = self._frames, {}
        return frames
