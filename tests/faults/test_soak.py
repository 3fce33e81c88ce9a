"""Two thousand tiny pictures in a row: none is stuck, and no process keeps memory or file handles."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from accounts.credits import grant
from accounts.models import Plan, User
from generation.models import Job
from tests.faults.conftest import all_drawn_once
from tests.faults.machine import Machine
from tests.forking import Process
from tests.generation.conftest import Queue
from tests.plugin import broker

PICTURES = 2_000
HALF = PICTURES // 2
WARM_AFTER = 200
AT_ONCE = 100
PATIENCE_SECONDS = 1_800
SAMPLES = 5
GROWTH = 0.03
"""By the second half. The first fills caches and pools: how full they get, how many threads happen to meet decides."""
MORE_HANDLES = 8
"""Connections that a pool opens when more threads meet than before; a leak would be one for each of the pictures."""
LEEWAY_BYTES = {"valkey": 8 * 1024**2}
"""It keeps the last preview of each picture for five minutes, and is so small that these are more than 5 % of it."""


@pytest.mark.slow
def test_a_long_run_leaks_nothing(
    machine: Machine, alice: User, queue: Queue, record_property: Callable[[str, object], None]
) -> None:
    Plan.objects.update(max_queued=2 * PICTURES, max_running=8)
    alice.plan.refresh_from_db()
    grant(alice, 10 * PICTURES, reference="test:enough")
    parts = {"house": machine.house_worker(), "gpu": machine.gpu_worker(), "web": machine.web()}
    parts["valkey"] = broker().process
    jobs = line_up(queue, alice, first=0)
    machine.until(lambda: done_of(machine) >= WARM_AFTER, PATIENCE_SECONDS)
    let_the_house_ring(machine, jobs[-1])
    machine.until(lambda: done_of(machine) == HALF, PATIENCE_SECONDS)
    before = {name: held_by(part) for name, part in parts.items()}
    jobs += line_up(queue, alice, first=HALF)
    machine.until(lambda: done_of(machine) == PICTURES, PATIENCE_SECONDS)
    # Whoever lost a job for a while on a busy machine may still be throwing away what it drew.
    machine.until(lambda: all_drawn_once(jobs), PATIENCE_SECONDS)
    after = {name: held_by(part) for name, part in parts.items()}
    for name, (memory, handles) in after.items():
        was, had = before[name]
        record_property(f"memory of {name}", 100 * (memory / was - 1))
        record_property(f"handles of {name}", handles - had)
    for name, (memory, handles) in after.items():
        was, had = before[name]
        assert memory <= was * (1 + GROWTH) + LEEWAY_BYTES.get(name, 0), (name, before, after)
        assert handles <= had + MORE_HANDLES, (name, before, after)


def line_up(queue: Queue, alice: User, first: int) -> list[Job]:
    """Half of the pictures, with seeds from `first` on."""
    seeds = range(first, first + HALF, AT_ONCE)
    return [job for seed in seeds for job in queue(alice, count=AT_ONCE, steps=1, width=64, height=64, seed=seed)]


def let_the_house_ring(machine: Machine, waiting: Job) -> None:
    """It opens its way to the broker with its first wake-up, which is otherwise not before a minute has passed."""
    Job.objects.filter(pk=waiting.pk).update(announced_at=None)
    machine.until(lambda: Job.objects.filter(pk=waiting.pk).exclude(announced_at=None).exists(), PATIENCE_SECONDS)


def done_of(machine: Machine) -> int:
    """The status page is asked each time, so the web process has its share of the work."""
    assert machine.page_answers()
    return Job.objects.filter(state="done").count()


def held_by(process: Process) -> tuple[float, float]:
    """Resident bytes and open file handles: medians, since a heartbeat or a message takes some for a moment."""
    samples = []
    for _ in range(SAMPLES):
        samples.append(held_now(Path(f"/proc/{process.pid}")))
        time.sleep(1)
    memory, handles = zip(*samples, strict=True)
    return median(memory), median(handles)


def held_now(folder: Path) -> tuple[int, int]:
    pages = int((folder / "statm").read_text().split()[1])
    return pages * resource.getpagesize(), len(list((folder / "fd").iterdir()))
