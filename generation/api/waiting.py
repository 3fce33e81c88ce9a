"""Waiting until jobs have ended, for programs that ask once and want the picture in the answer.

One look at the rows serves all who wait in this process. Whoever waits holds neither a connection to the database nor,
once its program has hung up, its thread: the wait is then cancelled, and what was asked for goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from asgiref.sync import async_to_sync
from django.db import DatabaseError, connection, connections

from generation.models import Job

logger = structlog.get_logger(__name__)

LONGEST_SECONDS = 600
"""Clients give up sooner, gateways between as well: what takes longer is fetched under “My pictures”."""
LOOK_SECONDS = 0.1
AFTER_A_FAULT_SECONDS = 5.0

# The looks' own, as they must not wait behind requests. It has one connection, for as long as somebody waits.
THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="waiting")


def until_ended(jobs: Collection[int], seconds: float = LONGEST_SECONDS) -> bool:
    """Wait until no job of these keys is unfinished; False when some still are after so many seconds.

    Call outside a transaction. Raises asyncio.CancelledError when the program has hung up.
    """
    if not connection.in_atomic_block:
        connection.close()
    return async_to_sync(watch.ended)(frozenset(jobs), seconds)


@dataclass(eq=False, slots=True)
class Waiter:
    jobs: frozenset[int]
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class JobWatch:
    """Made once a process. It looks while somebody waits, in the event loop of the first of them."""

    def __init__(self) -> None:
        self._waiters: set[Waiter] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    async def ended(self, jobs: frozenset[int], seconds: float) -> bool:
        self._ensure_loop()
        waiter = Waiter(jobs)
        self._waiters.add(waiter)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_on())
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(waiter.ended.wait(), seconds)
        finally:
            self._waiters.discard(waiter)
        return waiter.ended.is_set()

    def _ensure_loop(self) -> None:
        """A new event loop (a test, a reload) begins with nobody who waits."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._waiters, self._task = loop, set(), None

    async def _look_on(self) -> None:
        try:
            while self._waiters:
                try:
                    await self._look(list(self._waiters))
                except Exception:  # the next look finds what this one did not, and without one nobody is answered
                    logger.exception("jobs_not_looked_at")
                    await asyncio.sleep(AFTER_A_FAULT_SECONDS)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            THREAD.submit(connections.close_all)

    async def _look(self, waiters: list[Waiter]) -> None:
        asked: frozenset[int] = frozenset().union(*(waiter.jobs for waiter in waiters))
        left = await asyncio.get_running_loop().run_in_executor(THREAD, unfinished, asked)
        for waiter in waiters:
            if not waiter.jobs & left:
                waiter.ended.set()


def unfinished(jobs: Collection[int]) -> set[int]:
    """Those of these keys whose jobs have not ended, for a thread that no request closes the connection of."""
    try:
        return set(Job.objects.filter(pk__in=jobs).unfinished().values_list("pk", flat=True))
    except DatabaseError:
        connections.close_all()  # or a broken one would be asked again and again
        raise


watch = JobWatch()
