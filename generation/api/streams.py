"""The answers of this process that stay open: how many a person may have, and that each ends with what opened it.

A token that is removed, expires or loses its person, and a session that ends, end their streams within a second. What a
stream tells is not decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from django.contrib.auth import HASH_SESSION_KEY
from rest_framework.request import Request

from accounts.grants import Grant
from accounts.holders import Holder, still_standing
from accounts.refusals import QuotaExceeded
from accounts.sessions import SignIn
from accounts.tokens import TokenSignIn
from generation.api.access import token_of, user_of
from generation.messages.threads import in_thread

logger = structlog.get_logger(__name__)

STREAMS_A_PERSON = 20
LOOK_EVERY_SECONDS = 0.5
AFTER_A_FAULT_SECONDS = 5.0


class Stream(Protocol):
    caller: Holder
    owner_id: int

    def end(self) -> None:
        """What opened it stands no more: nothing of anybody's is told from here on."""


class Streams:
    """Made once a process. Its task goes on while there are streams, in the event loop of the first of them."""

    def __init__(self) -> None:
        self._of: dict[int, set[Stream]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def check_room(self, owner_id: int) -> None:
        """Raise QuotaExceeded where the person has as many open as a person may have. From any thread."""
        if len(self._of.get(owner_id, ())) >= STREAMS_A_PERSON:
            sentence = f"You have {STREAMS_A_PERSON} streams open; close one first."
            raise QuotaExceeded("too-many-streams", sentence, retry_after=5)

    def join(self, stream: Stream) -> bool:
        """False where its person has too many, who all came at once; then it is not among them."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:  # a test, a reload
            self._loop, self._of, self._task = loop, {}, None
        mine = self._of.setdefault(stream.owner_id, set())
        if len(mine) >= STREAMS_A_PERSON:
            return False
        mine.add(stream)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._repeat(self.end_fallen))
        return True

    def leave(self, stream: Stream) -> None:
        """Any number of times, and also for one that never joined."""
        mine = self._of.get(stream.owner_id, set())
        mine.discard(stream)
        if not mine:
            self._of.pop(stream.owner_id, None)

    async def end_fallen(self) -> None:
        """End the streams whose token or session stands no more."""
        streams = [stream for mine in self._of.values() for stream in mine]
        standing = await in_thread(still_standing, {stream.caller for stream in streams})
        for stream in streams:
            if stream.caller not in standing:
                stream.end()

    async def _repeat(self, look: Callable[[], Awaitable[None]]) -> None:
        while self._of:
            try:
                await look()
            except Exception:  # the next look finds what this one did not, and without one no stream would ever end
                logger.exception("streams_not_looked_at")
                await asyncio.sleep(AFTER_A_FAULT_SECONDS)
            await asyncio.sleep(LOOK_EVERY_SECONDS)


streams = Streams()


def caller_of(request: Request) -> Holder:
    """What opens a stream with this request."""
    owner_id = user_of(request).pk
    if (token := token_of(request)) is not None:
        return TokenSignIn(token.digest, owner_id)
    if isinstance(request.auth, Grant):
        return request.auth
    session = request._request.session
    return SignIn(session.session_key or "", owner_id, session.get(HASH_SESSION_KEY, ""))
