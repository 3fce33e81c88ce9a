"""Workers killed with SIGKILL while they draw: every picture comes all the same, once, and is paid once."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from accounts.models import User
from generation.models import Job
from tests.faults.conftest import all_drawn_once, running
from tests.faults.machine import Machine
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
    assert (job.attempt, job.lone_deaths) == (2, 1)


@pytest.mark.slow
def test_a_worker_killed_with_eight_jobs_in_hand_twice(
    machine: Machine, alice: User, queue: Queue, record_property: Callable[[str, object], None]
) -> None:
    """The seconds from the new worker's start until all eight are in hand again are the benchmark's to judge."""
    machine.house_worker()
    worker = machine.gpu_worker("first")
    jobs = queue(alice, count=8, steps=60)
    machine.until(lambda: running() == 8, PATIENCE_SECONDS)
    for name in ("second", "third"):
        machine.kill(worker)
        began = time.monotonic()
        worker = machine.gpu_worker(name)
        machine.until(lambda n=name: at_work(n), PATIENCE_SECONDS)
        record_property("back at work", time.monotonic() - began)
    machine.until(lambda: all_drawn_once(jobs), PATIENCE_SECONDS)


def at_work(name: str) -> bool:
    """All eight are in hand again, each under the attempt of this life."""
    attempt = {"second": 2, "third": 3}[name]
    return Job.objects.running().filter(attempt=attempt).count() == 8
