"""Answers that stay open: what they hear of their person's jobs while what opened them stands, and how they tell it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterable, Mapping
from types import TracebackType
from typing import Any, Self

from django.db import connections
from django.http import StreamingHttpResponse
from django.utils.cache import patch_cache_control

from accounts.holders import Holder
from generation.api.streams import streams
from generation.messages.job_hints import JobHints


class JobFeed(JobHints):
    """Of one job (`only`, by its code), or of all of the person's. Use it as `async with`.

    `is_open` is False from the moment that what opened it stands no more, or where the person has too many.
    """

    def __init__(self, caller: Holder, owner_id: int, only: str = "") -> None:
        super().__init__(owner_id, only)
        self.caller = caller
        self.is_open = self.is_joined = False

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self.is_open = self.is_joined = streams.join(self)
        if self.is_open:
            try:
                await self.listen()
            except BaseException:
                await self.close()
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def end(self) -> None:
        self.is_open = False
        self.wake()

    def leave(self) -> None:
        """Close it from any thread: nothing else does so where its reader left between two events."""
        if self.is_joined:
            asyncio.run_coroutine_threadsafe(self.close(), self._loop)

    async def close(self) -> None:
        """Any number of times."""
        self.is_open = self.is_joined = False
        streams.leave(self)
        await self.stop()


def event_text(name: str, data: Mapping[str, Any], known: str = "") -> bytes:
    """One Server-Sent Event; `known` is its id, for readers that come again."""
    lines = [f"id: {known}"] if known else []
    lines += [f"event: {name}", f"data: {json.dumps(data, separators=(',', ':'))}"]
    return "\n".join([*lines, "", ""]).encode()


def let_connections_go() -> None:
    """Call before an answer that stays open: the thread of its request rests, and need not hold one meanwhile."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


def events_answer(body: AsyncIterable[bytes]) -> StreamingHttpResponse:
    """An answer of Server-Sent Events, which no cache keeps and no proxy holds back until it is whole."""
    let_connections_go()
    response = StreamingHttpResponse(body, content_type="text/event-stream")
    patch_cache_control(response, private=True, no_store=True)
    response["X-Accel-Buffering"] = "no"
    return response
