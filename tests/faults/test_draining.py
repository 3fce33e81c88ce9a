"""A worker process that is drained ends what it has and takes nothing more, until it is told otherwise."""

from __future__ import annotations

import time

import pytest

from accounts.models import User
from generation.jobs.pausing import drain, save_state
from generation.models import GpuWorker, Job, SiteState
from generation.models.operations import ONLY
from tests.faults.conftest import all_drawn_once, running
from tests.faults.machine import Machine
from tests.generation.conftest import Queue

LEFT_ALONE_SECONDS = 8
"""Longer than a heartbeat, after which a worker that should take something would have."""


@pytest.mark.slow
def test_a_drained_worker_ends_what_it_has(machine: Machine, alice: User, queue: Queue) -> None:
    machine.gpu_worker(slots=1)
    machine.until_up("gpu")
    machine.until(lambda: GpuWorker.objects.exists(), 60)
    worker = GpuWorker.objects.get()
    held = queue(alice, steps=60)
    machine.until(lambda: running() == 1, 60)
    assert drain(worker, True)
    later = queue(alice, steps=4)
    machine.until(lambda: all_drawn_once(held), 120)
    time.sleep(LEFT_ALONE_SECONDS)
    assert not Job.objects.filter(pk=later[0].pk).exclude(state="queued").exists()
    machine.until(lambda: GpuWorker.objects.get().running == 0, 20)
    assert drain(worker, False)
    machine.until(lambda: all_drawn_once(later), 60)

    save_state(SiteState(pk=ONLY, is_paused=True, pause_reason="New disks."))
    paused = queue(alice, steps=4)
    time.sleep(LEFT_ALONE_SECONDS)
    assert not Job.objects.filter(pk=paused[0].pk).exclude(state="queued").exists()
    save_state(SiteState(pk=ONLY))
    machine.until(lambda: all_drawn_once(paused), 60)
