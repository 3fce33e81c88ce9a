"""Waiting for jobs: answered when the last has ended, given up in time, and cancelled with who waits."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import DatabaseError, connections

from accounts.models import User
from generation.api import waiting
from generation.api.waiting import JobWatch, until_ended
from generation.models import Job
from tests.generation.conftest import Queue, catalog, queue

__all__ = ["catalog", "queue"]

pytestmark = pytest.mark.django_db(transaction=True)
LONG = 20.0


def end_later(*jobs: Job, seconds: float = 0.3) -> threading.Thread:
    """As a worker does elsewhere, in another thread and with another connection."""

    def end() -> None:
        try:
            for job in jobs:
                time.sleep(seconds)
                Job.objects.filter(pk=job.pk).update(state=Job.State.DONE)
        finally:
            connections.close_all()

    thread = threading.Thread(target=end)
    thread.start()
    return thread


def test_it_waits_for_the_last(alice: User, queue: Queue) -> None:
    jobs = queue(alice, count=2)
    thread = end_later(*jobs)
    assert until_ended([job.pk for job in jobs], LONG)
    assert not Job.objects.unfinished().exists()
    thread.join()


def test_what_has_ended_is_not_waited_for(alice: User, queue: Queue) -> None:
    (job,) = queue(alice)
    Job.objects.update(state=Job.State.CANCELLED)
    began = time.monotonic()
    assert until_ended([job.pk], LONG)
    Job.objects.all().delete()
    assert until_ended([job.pk], LONG)
    assert time.monotonic() - began < LONG / 2


def test_it_gives_up(alice: User, queue: Queue) -> None:
    assert not until_ended([job.pk for job in queue(alice)], 0.5)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many jobs each look at the rows was about."""
    seen: list[int] = []
    unfinished = waiting.unfinished

    def counted(jobs: frozenset[int]) -> set[int]:
        seen.append(len(jobs))
        return unfinished(jobs)

    monkeypatch.setattr(waiting, "unfinished", counted)
    return seen


def test_one_look_serves_all(alice: User, queue: Queue, looks: list[int]) -> None:
    jobs = queue(alice, count=8)

    async def all_wait() -> list[bool]:
        watch = JobWatch()
        return list(await asyncio.gather(*(watch.ended(frozenset({job.pk}), 1.0) for job in jobs)))

    assert asyncio.run(all_wait()) == [False] * 8
    assert max(looks) == 8 and len(looks) <= 12


def test_who_hangs_up_is_waited_for_no_longer(alice: User, queue: Queue, looks: list[int]) -> None:
    (job,) = queue(alice)

    async def hang_up() -> int:
        watch = JobWatch()
        wait = asyncio.create_task(watch.ended(frozenset({job.pk}), LONG))
        await asyncio.sleep(0.3)
        wait.cancel()
        with suppress(asyncio.CancelledError):
            await wait
        await asyncio.sleep(0.5)
        count = len(looks)
        await asyncio.sleep(0.5)
        return len(looks) - count

    assert asyncio.run(hang_up()) == 0
    assert Job.objects.get().state == Job.State.QUEUED


def test_a_look_that_fails_is_not_the_last(alice: User, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "AFTER_A_FAULT_SECONDS", 0.1)
    (job,) = queue(alice)
    Job.objects.update(state=Job.State.DONE)
    unfinished: Callable[..., set[int]] = waiting.unfinished
    faults = [DatabaseError("locked")]

    def faulty(jobs: frozenset[int]) -> set[int]:
        if faults:
            raise faults.pop()
        return unfinished(jobs)

    monkeypatch.setattr(waiting, "unfinished", faulty)
    assert until_ended([job.pk], LONG)
    assert not faults
