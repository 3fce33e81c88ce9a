"""The open lines of this process: how many a person may have, and what is looked up once for all of them.

What a line itself hears and says is `consumers`'.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import structlog

from accounts.holders import still_standing
from accounts.sessions import SignIn
from accounts.tokens import TokenSignIn
from generation.messages.threads import in_thread
from generation.web.live.reading import waiting_places

logger = structlog.get_logger(__name__)

LINES_A_PERSON = 10
SESSIONS_EVERY_SECONDS = 0.5
PLACES_EVERY_SECONDS = 2.0
AFTER_A_FAULT_SECONDS = 5.0
SIGNED_OUT = 4401
NOT_FOUND = 4404
TOO_MANY = 4429


class Line(Protocol):
    """An open websocket; `follows_jobs` when it is told at which places its person's jobs wait."""

    sign_in: SignIn | TokenSignIn
    follows_jobs: bool

    async def end(self, code: int, reason: str) -> None: ...

    async def show_places(self, places: list[dict[str, Any]]) -> None: ...


class Lines:
    """Made once a process. Its tasks go on while there are lines, in the event loop of the first of them."""

    def __init__(self) -> None:
        self._of: dict[int, set[Line]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: dict[float, asyncio.Task[None]] = {}

    def join(self, line: Line) -> bool:
        """False when its person has as many lines open as a person may have; then it is not among them."""
        self._ensure_loop()
        mine = self._of.setdefault(line.sign_in.owner_id, set())
        if len(mine) >= LINES_A_PERSON:
            return False
        mine.add(line)
        for seconds, look in ((SESSIONS_EVERY_SECONDS, self.end_signed_out), (PLACES_EVERY_SECONDS, self.send_places)):
            if (task := self._tasks.get(seconds)) is None or task.done():
                self._tasks[seconds] = asyncio.create_task(self._repeat(look, seconds))
        return True

    def leave(self, line: Line) -> None:
        """Any number of times, and also for one that never joined."""
        mine = self._of.get(line.sign_in.owner_id, set())
        mine.discard(line)
        if not mine:
            self._of.pop(line.sign_in.owner_id, None)

    async def end_signed_out(self) -> None:
        """End the lines whose session or token does not stand any more: signed out, taken back, deactivated."""
        lines = self._lines()
        standing = await in_thread(still_standing, {line.sign_in for line in lines})
        for line in lines:
            if line.sign_in not in standing:
                await line.end(SIGNED_OUT, "You are signed out.")

    async def send_places(self) -> None:
        """Say at which places the jobs of everybody who watches wait."""
        lines = [line for line in self._lines() if line.follows_jobs]
        places = await in_thread(waiting_places, {line.sign_in.owner_id for line in lines})
        for line in lines:
            await line.show_places(places.get(line.sign_in.owner_id, []))

    def _lines(self) -> list[Line]:
        return [line for mine in self._of.values() for line in mine]

    def _ensure_loop(self) -> None:
        """A new event loop (a test, a reload) begins with no line."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._of, self._tasks = loop, {}, {}

    async def _repeat(self, look: Callable[[], Awaitable[None]], seconds: float) -> None:
        while self._of:
            try:
                await look()
            except Exception:  # the next look finds what this one did not, and without one no line would ever end
                logger.exception("lines_not_looked_at")
                await asyncio.sleep(AFTER_A_FAULT_SECONDS)
            await asyncio.sleep(seconds)


class Rate:
    """At most so many events in each span of so many seconds."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self.left, self.until = most, 0.0

    def exceeded(self) -> bool:
        """Count one more event; True when it is one too many."""
        now = time.monotonic()
        if now >= self.until:
            self.left, self.until = self.most, now + self.seconds
        self.left -= 1
        return self.left < 0
