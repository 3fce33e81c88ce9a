"""Threads in which what stays open reads the database: what Channels reads by itself waits in one thread for all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

# Few are enough, as each look serves all that is open. Their connections do not outlive a call: a thread may rest for
# hours.
THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="live")

Value = TypeVar("Value")


async def in_thread(read: Callable[..., Value], *args: object, pool: ThreadPoolExecutor = THREADS) -> Value:
    """What `read` reads from the database, in a thread of `pool`: what takes long needs one of its own."""
    return await asyncio.get_running_loop().run_in_executor(pool, _read_and_close, read, args)


def _read_and_close(read: Callable[..., Value], args: tuple[object, ...]) -> Value:
    try:
        return read(*args)
    finally:
        connections.close_all()
