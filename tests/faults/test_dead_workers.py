"""Workers killed with SIGKILL while they draw: every picture comes all the same, once, and is paid once."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import pytest

from accounts.models import CreditEntry, User
from generation.models import Job
from tests.faults.conftest import all_drawn_once, running
from tests.faults.machine import Machine
from tests.faults.poisoned import POISON
from tests.forking import Process
from tests.generation.conftest import Queue

PATIENCE_SECONDS = 240


@pytest.mark.slow
def test_a_worker_killed_with_one_job_in_hand(machine: Machine, alice: User, queue: Queue) -> None:
    doomed = machine.gpu_worker()
    jobs = queue(alice, count=1, steps=60)
    machine.until(lambda: running() == 1, PATIENCE_SECONDS)
    machine.kill(doomed)
    assert Job.objects.get().state == "running"
    machine.house_worker()
    machine.gpu_worker("second")
    machine.until(lambda: all_drawn_once(jobs), PATIENCE_SECONDS)
    (job,) = Job.objects.all()
    assert (job.attempt, job.crash_count, job.solo_crash_count) == (2, 1, 1)


@pytest.mark.slow
def test_a_worker_killed_with_eight_jobs_in_hand_twice(
    machine: Machine, alice: User, queue: Queue, record_property: Callable[[str, object], None]
) -> None:
    """The seconds from the new worker's start until it is at work again are the benchmark's to judge.

    After two crashes each of them may be what the workers died of, so the third life draws them one by one.
    """
    machine.house_worker()
    worker = machine.gpu_worker("first")
    jobs = queue(alice, count=8, steps=30)
    machine.until(lambda: running() == 8, PATIENCE_SECONDS)
    for name in ("second", "third"):
        machine.kill(worker)
        began = time.monotonic()
        worker = machine.gpu_worker(name)
        machine.until(partial(at_work, name), PATIENCE_SECONDS)
        record_property("back at work", time.monotonic() - began)
    machine.until(lambda: all_drawn_once(jobs), PATIENCE_SECONDS)
    assert set(Job.objects.values_list("attempt", "crash_count", "solo_crash_count")) == {(3, 2, 0)}


def at_work(name: str) -> bool:
    """What this life may have in hand is there again, under its attempt."""
    attempt, count = {"second": (2, 8), "third": (3, 1)}[name]
    return Job.objects.running().filter(attempt=attempt).count() == count


@pytest.mark.slow
def test_a_poisonous_picture_takes_nobody_with_it(machine: Machine, alice: User, queue: Queue) -> None:
    """It kills each worker that draws it: two in company, the third alone. The others are drawn after all."""
    (poison,) = queue(alice, POISON, steps=60)
    good = queue(alice, count=4, steps=60)
    machine.house_worker()
    lives = [poisoned(machine, 1)]

    def all_ended() -> bool:
        """Meanwhile a worker that died is started anew, as a supervisor does."""
        if lives[-1].poll() is not None:
            lives.append(poisoned(machine, len(lives) + 1))
        return not Job.objects.unfinished().exists()

    machine.until(all_ended, 2 * PATIENCE_SECONDS)
    assert all_drawn_once(good)
    assert len(lives) == 4
    poison.refresh_from_db()
    assert (poison.state, poison.error_code) == ("failed", "worker-lost")
    assert (poison.crash_count, poison.solo_crash_count) == (3, 1)
    assert CreditEntry.objects.filter(kind="release").get().reference == poison.reference
    assert {job.crash_count for job in Job.objects.filter(state="done")} == {2}


def poisoned(machine: Machine, life: int) -> Process:
    return machine.gpu_worker(f"life-{life}", "tests.faults.poisoned")
