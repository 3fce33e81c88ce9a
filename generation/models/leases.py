"""Leases of queued rows: a claim holds while it is prolonged, and a wake-up is sent again while nobody takes the row.

For jobs, trainings, merges and tracings alike; which row is next is each queue's own. Clocks are the database's, so a
process whose clock is wrong neither steals nor loses a row.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Self, TypeVar

import structlog
from django.db import DatabaseError, connections, models
from django.db.models import F, Q
from django.db.models.functions import Now

logger = structlog.get_logger(__name__)

LEASE = timedelta(seconds=20)
HEARTBEAT_SECONDS = 5.0
RESEND_AFTER = timedelta(seconds=60)
"""A wake-up that nobody has followed by then counts as lost."""
RECOVERED_WITHIN = timedelta(seconds=90)
"""What upkeep has not recovered after so long, it will not: nobody runs it, or it cannot."""
MAX_CRASHES = 3
"""Workers that may die with a row in hand, whatever else they held."""
MAX_SOLO_CRASHES = 2
"""Workers that may die with a row as their only one."""

Row = TypeVar("Row", bound=models.Model, covariant=True)


class LeasedQuerySet(models.QuerySet[Row]):
    """Rows with an `attempt` (the fencing token), `lease_until` and `announced_at` (when a wake-up was last sent)."""

    lease_prefix = ""
    """Before the names of these three fields, where the row has others beside them."""

    def of(self, user: Any) -> Self:
        return self.filter(owner=user)

    def newest(self) -> Self:
        return self.order_by("-id")

    def of_attempt(self, row: models.Model) -> Self:
        """The row, if it is still at the attempt that was read: the fence against late results."""
        attempt = f"{self.lease_prefix}attempt"
        return self.filter(pk=row.pk, **{attempt: getattr(row, attempt)})

    def claim(self, **fields: object) -> int:
        """Take the rows under a lease and raise their attempt, which fences off earlier holders; how many were there.

        Conditional like every update: of two who claim the same waiting row one gets 1, the other 0.
        """
        attempt = f"{self.lease_prefix}attempt"
        return self.update(**{attempt: F(attempt) + 1, f"{self.lease_prefix}lease_until": Now() + LEASE}, **fields)

    def prolong(self) -> int:
        return self.update(**{f"{self.lease_prefix}lease_until": Now() + LEASE})

    def put_back(self, **fields: object) -> int:
        """End the lease; a wake-up is due at once. `fields` say in which state the rows wait or rest."""
        return self.update(
            **{f"{self.lease_prefix}lease_until": None, f"{self.lease_prefix}announced_at": Now() - RESEND_AFTER},
            **fields,
        )

    def expired(self, ago: timedelta = timedelta(0)) -> Self:
        """Rows whose holder went silent: their lease ran out, that long ago at least."""
        return self.filter(**{f"{self.lease_prefix}lease_until__lt": Now() - ago})

    def not_leased(self) -> Self:
        until = f"{self.lease_prefix}lease_until"
        return self.filter(Q(**{until: None}) | Q(**{f"{until}__lt": Now()}))

    def unannounced(self, since: timedelta = RESEND_AFTER) -> Self:
        """Rows for which no wake-up was sent, or none since so long."""
        announced_at = f"{self.lease_prefix}announced_at"
        return self.filter(Q(**{announced_at: None}) | Q(**{f"{announced_at}__lte": Now() - since}))

    def announce(self, send: Callable[[], bool]) -> bool:
        """Have wake-ups sent for the rows, and note when. False when `send` says that the broker did not take them."""
        announced_at = f"{self.lease_prefix}announced_at"
        # Before they are sent: a worker passes over rows that are locked, as they are while this is written, and would
        # find nothing to do.
        self.update(**{announced_at: Now()})
        sent = send()
        if not sent:
            self.update(**{announced_at: None})
        return sent

    def resend(self, send: Callable[[list[int]], bool]) -> int:
        """Have wake-ups sent for the unannounced rows, and note it; how many rows.

        `send` gets their keys and says whether the broker took the messages; 0 when it did not.
        """
        waiting = list(self.unannounced().values_list("pk", flat=True))
        if not waiting or not self.filter(pk__in=waiting).announce(lambda: send(waiting)):
            return 0
        return len(waiting)


class QueueQuerySet(LeasedQuerySet[Row]):
    """Rows of a queue, said as a sentence: `Job.objects.of(alice).unfinished()`. Their model names the states."""

    def queued(self) -> Self:
        return self.filter(state="queued")

    def running(self) -> Self:
        return self.filter(state="running")

    def unfinished(self) -> Self:
        return self.filter(state__in=self.model.UNFINISHED)  # type: ignore[attr-defined]

    def held(self, row: models.Model) -> Self:
        """The row, if its attempt still runs."""
        return self.running().of_attempt(row)


def must_give_up(crash_count: int = 0, solo_crash_count: int = 0) -> bool:
    """Whether a row has outlived too many workers to be tried again: it may be what they died of."""
    return crash_count >= MAX_CRASHES or solo_crash_count >= MAX_SOLO_CRASHES


@contextmanager
def prolonging(rows: LeasedQuerySet[Any], at_most: timedelta) -> Iterator[None]:
    """Prolong the lease of `rows` while the block runs, for processes without a heartbeat of their own.

    From a thread, since a long computation must not look like a dead process. What hangs for longer than `at_most`
    loses its lease, so that somebody else has a try.
    """
    ended = threading.Event()
    until = time.monotonic() + at_most.total_seconds()

    def keep_prolonging() -> None:
        while not ended.wait(HEARTBEAT_SECONDS) and time.monotonic() < until:
            try:
                rows.prolong()
            except DatabaseError:
                logger.exception("lease_not_prolonged")
        connections.close_all()

    thread = threading.Thread(target=keep_prolonging, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
