"""A worker is asked to stop (SIGTERM) while it draws: its pictures wait again, and that is not counted as a crash."""

from __future__ import annotations

import signal

import pytest

from accounts.models import User
from generation.messages import frames
from generation.models import Job
from tests.faults.conftest import all_drawn_once
from tests.faults.machine import Machine
from tests.generation.conftest import Queue

PATIENCE_SECONDS = 240
GRACE_SECONDS = 1
"""Shorter than the pictures take."""
LEEWAY_SECONDS = 5
"""For the step under way when the grace time ends, on a machine that has other things to do."""


@pytest.mark.slow
def test_a_stopped_worker_puts_its_pictures_back(machine: Machine, alice: User, queue: Queue) -> None:
    machine.env["STOP_GRACE_SECONDS"] = str(GRACE_SECONDS)
    jobs = queue(alice, count=8, steps=60)
    worker = machine.gpu_worker("first")
    machine.until(lambda: all(is_being_drawn(job) for job in jobs), PATIENCE_SECONDS)
    worker.send_signal(signal.SIGTERM)
    machine.until(lambda: Job.objects.queued().count() == 8, GRACE_SECONDS + LEEWAY_SECONDS)
    assert set(Job.objects.values_list("attempt", "crash_count", "worker")) == {(1, 0, "")}
    assert worker.wait(LEEWAY_SECONDS) == 0
    machine.gpu_worker("second")
    machine.until(lambda: all_drawn_once(jobs), PATIENCE_SECONDS)
    assert set(Job.objects.values_list("attempt", "crash_count", "solo_crash_count")) == {(2, 0, 0)}


def is_being_drawn(job: Job) -> bool:
    frame = frames.last_frame(job.code)
    return frame is not None and frame.step > 0
