"""Messages are hints: the broker is killed, or emptied, or says all five times, and every picture is drawn once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from accounts.models import User
from generation.messages import wakeups
from generation.messages.broker import connection
from generation.models import Job
from tests.faults.asking import Program
from tests.faults.conftest import all_drawn_once
from tests.faults.machine import Machine
from tests.generation.conftest import Queue
from tests.plugin import broker

PATIENCE_SECONDS = 240
Record = Callable[[str, object], None]


@pytest.mark.slow
def test_the_broker_is_emptied_with_fifty_queued(
    machine: Machine, alice: User, queue: Queue, record_property: Record
) -> None:
    """The worker has long begun and is idle, so neither its start nor its work makes it look: only recovery rings."""
    machine.house_worker()
    worker = machine.gpu_worker()
    machine.until_up("house", "gpu")
    first = queue(alice, count=1, steps=2)
    machine.until(lambda: all_drawn_once(first), PATIENCE_SECONDS)
    machine.hold_still(worker)
    jobs = queue(alice, count=50, steps=2, seed=99)
    connection().flushall()
    os.kill(worker.pid, signal.SIGCONT)
    record_property("recovered", machine.until(lambda: started(jobs), PATIENCE_SECONDS))
    machine.until(lambda: all_drawn_once(jobs), PATIENCE_SECONDS)
    later = queue(alice, count=2, steps=2, seed=999)
    machine.until(lambda: all_drawn_once(later), PATIENCE_SECONDS)


def started(jobs: list[Job]) -> bool:
    return Job.objects.filter(pk__in=[job.pk for job in jobs], attempt__gt=0).exists()


@pytest.mark.slow
def test_the_broker_is_killed_and_started_again(
    machine: Machine, alice: User, queue: Queue, record_property: Record
) -> None:
    """With half of fifty in line and some in hand; the other half is asked for over HTTP while nothing answers."""
    machine.house_worker()
    machine.gpu_worker()
    machine.web()
    machine.until_up("house", "gpu")
    program = Program(alice, machine.address)
    jobs = queue(alice, count=25, steps=2)
    machine.until(lambda: Job.objects.filter(state="done").exists(), PATIENCE_SECONDS)
    broker().kill()
    try:
        answers = [program.make(count=5, seed=1000 + 5 * number) for number in range(5)]
    finally:
        broker().start()
    assert [answer.status for answer in answers] == [202] * 5
    codes = [job["code"] for answer in answers for job in answer.body["jobs"]]
    jobs += Job.objects.filter(code__in=codes)
    assert len(jobs) == 50
    record_property("recovered", machine.until(lambda: all_drawn_once(jobs), PATIENCE_SECONDS))
    waiting = queue(alice, count=2, steps=2, seed=999)
    machine.until(lambda: all_drawn_once(waiting), PATIENCE_SECONDS)


@pytest.mark.slow
def test_every_wakeup_comes_five_times(machine: Machine, alice: User, queue: Queue) -> None:
    jobs = queue(alice, count=8, steps=4)
    for _ in range(4 * len(jobs)):
        wakeups.send(wakeups.Task.RUN_NEXT_JOB)
    machine.gpu_worker("one", slots=4)
    machine.gpu_worker("two", slots=4)
    machine.until(lambda: all_drawn_once(jobs), PATIENCE_SECONDS)
    assert set(Job.objects.values_list("attempt", flat=True)) == {1}
