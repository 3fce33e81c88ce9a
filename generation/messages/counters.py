"""Counts of what happens in every process, added up in Redis, so that one look tells of all of them.

Each process keeps its own and adds them every few seconds, from a thread: nobody waits for the broker, and while that
is away they are kept. Rows are the truth about jobs; these are for graphs, and begin anew with the broker.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import socket
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from functools import cached_property

import redis
import structlog

from generation.messages.broker import connection

logger = structlog.get_logger(__name__)

TOTALS = "tempera:counts"
PROCESSES = "tempera:processes"
FLUSH_SECONDS = 5.0
FORGOTTEN_AFTER_SECONDS = 30
BOUNDS = {
    "http_request_seconds": (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    "celery_task_seconds": (0.1, 0.5, 1, 5, 30, 120, 600, 3600),
    "job_wait_seconds": (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600),
}
"""Histograms and the upper bounds of their buckets, in ascending order."""
SUM = "sum"
BEYOND = "+Inf"

Series = tuple[str, ...]
"""A count's name and the values of its labels; of a histogram also a bucket's upper bound, or `SUM`."""


class Counters:
    """One a process. `levels` are what is now, of this process alone: open sockets."""

    def __init__(self) -> None:
        self.counts: dict[Series, float] = defaultdict(float)
        self.levels: dict[Series, int] = defaultdict(int)
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None

    def add(self, name: str, *labels: str, amount: float = 1) -> None:
        with self.lock:
            self.counts[name, *labels] += amount
        self.start()

    def observe(self, name: str, *labels: str, value: float) -> None:
        """One more value of a histogram, which `BOUNDS` names."""
        bounds = BOUNDS[name]
        place = bisect_left(bounds, value)
        bucket = str(float(bounds[place])) if place < len(bounds) else BEYOND
        with self.lock:
            self.counts[name, *labels, bucket] += 1
            self.counts[name, *labels, SUM] += value
        self.start()

    def change(self, name: str, *labels: str, by: int) -> None:
        """What is open in this process is more or less by so many."""
        with self.lock:
            self.levels[name, *labels] += by
        self.start()

    def start(self) -> None:
        if self.thread is None:
            with self.lock:
                if self.thread is None:
                    self.thread = threading.Thread(target=self.keep_flushing, name="counts", daemon=True)
                    self.thread.start()
                    atexit.register(self.flush)

    def keep_flushing(self) -> None:
        while True:
            time.sleep(FLUSH_SECONDS)
            self.flush()

    def flush(self) -> bool:
        """Add this process's counts to the totals; what the broker does not take is kept for the next time."""
        with self.lock:
            counts, self.counts = self.counts, defaultdict(float)
            levels = {json.dumps(series): level for series, level in self.levels.items()}
        try:
            pipe = connection().pipeline(transaction=True)
            for series, amount in counts.items():
                pipe.hincrbyfloat(TOTALS, json.dumps(series), amount)
            if levels:
                pipe.sadd(PROCESSES, self.process)
                pipe.set(self.key, json.dumps(levels), ex=FORGOTTEN_AFTER_SECONDS)
            if counts or levels:
                pipe.execute()
        except (redis.RedisError, OSError) as error:
            logger.debug("counts_kept", error=str(error))
            with self.lock:
                for series, amount in counts.items():
                    self.counts[series] += amount
            return False
        return True

    @cached_property
    def process(self) -> str:
        """Worked out on first use: this may have been loaded by a process that forked this one."""
        return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"

    @property
    def key(self) -> str:
        return f"{PROCESSES}:{self.process}"


counters = Counters()


def totals() -> dict[Series, float]:
    """All counts of all processes. Raises RedisError while the broker is away."""
    found = connection().hgetall(TOTALS)
    assert isinstance(found, dict)
    return {tuple(json.loads(field)): float(amount) for field, amount in found.items()}


def levels() -> dict[Series, int]:
    """What is open in all processes that said so lately, added up. Raises RedisError while the broker is away."""
    names = connection().smembers(PROCESSES)
    assert isinstance(names, set)
    added: dict[Series, int] = defaultdict(int)
    for name in names:
        assert isinstance(name, bytes)
        told = connection().get(f"{PROCESSES}:{name.decode()}")
        if told is None:
            connection().srem(PROCESSES, name)
            continue
        assert isinstance(told, bytes)
        for series, level in json.loads(told).items():
            added[tuple(json.loads(series))] += level
    return dict(added)
