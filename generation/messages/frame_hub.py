"""One Redis subscriber for all websockets of a web process: it passes on the frames of those who are connected."""

from __future__ import annotations

import asyncio
from typing import Protocol
from weakref import WeakKeyDictionary

import redis.asyncio as redis
import structlog
from redis.asyncio.client import PubSub

from generation.messages import frames
from generation.messages.counters import counters

logger = structlog.get_logger(__name__)


class Viewer(Protocol):
    async def frame(self, code: str, data: bytes) -> None: ...


class FrameHub:
    """Made once a process; its connection and task belong to the running event loop and are made on first use."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.viewers: dict[int, set[Viewer]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def attach(self, owner_id: int, viewer: Viewer) -> None:
        self._ensure_loop()
        # Concurrent first subscribes on one redis.asyncio PubSub race; one at a time.
        async with self._lock:
            self._ensure_loop()  # the last viewer may have left while this one waited
            first = not self.viewers.get(owner_id)
            self.viewers.setdefault(owner_id, set()).add(viewer)
            if first:
                await self._pubsub.subscribe(frames.frames_channel(owner_id))
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._listen())

    async def detach(self, owner_id: int, viewer: Viewer) -> None:
        """Any number of times, and also for one that never was attached."""
        async with self._lock:
            viewers = self.viewers.get(owner_id, set())
            if viewer not in viewers:
                return
            viewers.discard(viewer)
            if not viewers:
                self.viewers.pop(owner_id, None)
                await self._pubsub.unsubscribe(frames.frames_channel(owner_id))
            if not self.viewers:
                await self._disconnect()

    async def _disconnect(self) -> None:
        """Close the connection, as there is no viewer; the next one opens another."""
        if self._task is not None:
            self._task.cancel()
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]
        await self._client.aclose()
        self._loop = None

    @property
    def _lock(self) -> asyncio.Lock:
        return self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())

    def _ensure_loop(self) -> None:
        """A new event loop (a test, a reload) gets a connection of its own."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._loop = loop
        self.viewers = {}
        self._task = None
        # Long silence is normal here: the five seconds of redis-py's default timeout would end the connection.
        self._client = redis.Redis.from_url(self.url, socket_timeout=None)
        self._pubsub: PubSub = self._client.pubsub(ignore_subscribe_messages=True)

    async def _listen(self) -> None:
        while self.viewers:
            try:
                message = await self._pubsub.get_message(timeout=5.0)
            except (redis.RedisError, OSError) as error:
                logger.warning("frames_interrupted", error=str(error))
                await asyncio.sleep(1.0)
                continue
            if message is not None:
                await self._pass_on(await self._drain(message))

    async def _drain(self, message: dict[str, bytes]) -> dict[tuple[int, str], bytes]:
        """All pending messages, the latest of each job: under load the rest is skipped, not queued."""
        latest: dict[tuple[int, str], bytes] = {}
        pending: dict[str, bytes] | None = message
        while pending is not None:
            owner_id = int(pending["channel"].rsplit(b":", 1)[-1])
            frame = owner_id, frames.Frame.from_bytes(pending["data"]).code
            if frame in latest:
                counters.add("previews_dropped", "web-behind")
            latest[frame] = pending["data"]
            pending = await self._pubsub.get_message(timeout=0.0)
        return latest

    async def _pass_on(self, latest: dict[tuple[int, str], bytes]) -> None:
        for (owner_id, code), data in latest.items():
            for viewer in list(self.viewers.get(owner_id, ())):
                try:
                    await viewer.frame(code, data)
                except Exception:
                    # A socket that closed between our look and our send; its disconnect follows.
                    logger.debug("viewer_gone", owner=owner_id)
