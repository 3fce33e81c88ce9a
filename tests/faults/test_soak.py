"""Two thousand tiny pictures in a row: none is stuck, and no process keeps memory or file handles."""

from __future__ import annotations

import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.credits import grant
from accounts.models import Plan, User
from generation.models import Job
from tests.faults.conftest import all_drawn_once
from tests.faults.machine import Machine
from tests.generation.conftest import Queue
from tests.journeys.site import WEB

PICTURES = 2_000
WARM_AFTER = 200
AT_ONCE = 100
PATIENCE_SECONDS = 1_800
GROWTH = 0.05
LEEWAY_BYTES = 16 * 1024**2
"""One heap arena more or less is no leak; what a job leaked would come to more over so many."""


@pytest.mark.slow
def test_a_long_run_leaks_nothing(
    machine: Machine, alice: User, queue: Queue, record_property: Callable[[str, object], None]
) -> None:
    Plan.objects.update(max_queued=2 * PICTURES, max_running=8)
    alice.plan.refresh_from_db()
    grant(alice, 10 * PICTURES, reference="test:enough")
    parts = {"house": machine.house_worker(), "gpu": machine.gpu_worker(), "web": web_of(machine)}
    jobs = [
        job
        for number in range(PICTURES // AT_ONCE)
        for job in queue(alice, count=AT_ONCE, steps=1, width=64, height=64, seed=1_000 * number)
    ]
    machine.until(lambda: done_of(machine) >= WARM_AFTER, PATIENCE_SECONDS)
    before = {name: held_by(part) for name, part in parts.items()}
    machine.until(lambda: done_of(machine) == PICTURES, PATIENCE_SECONDS)
    assert all_drawn_once(jobs)
    after = {name: held_by(part) for name, part in parts.items()}
    for name, (memory, handles) in after.items():
        was, had = before[name]
        record_property(f"memory of {name}", 100 * (memory / was - 1))
        record_property(f"handles of {name}", handles - had)
    for name, (memory, handles) in after.items():
        was, had = before[name]
        assert memory <= was * (1 + GROWTH) + LEEWAY_BYTES, name
        assert handles <= had + 8, name


def web_of(machine: Machine) -> subprocess.Popen[bytes]:
    web = machine.start("web", *WEB, str(machine.port), "config.asgi:application")
    machine.processes.append(web)
    machine.until(lambda: (machine.folder / "web.log").exists() and answers(machine), 120)
    return web


def answers(machine: Machine) -> bool:
    try:
        with urllib.request.urlopen(f"http://localhost:{machine.port}/status/", timeout=20) as page:
            return bool(page.status == 200)
    except OSError:
        return False


def done_of(machine: Machine) -> int:
    """The status page is asked each time, so the web process has its share of the work."""
    assert answers(machine)
    return Job.objects.filter(state="done").count()


def held_by(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """Resident bytes and open file handles."""
    folder = Path(f"/proc/{process.pid}")
    pages = int((folder / "statm").read_text().split()[1])
    return pages * 4096, len(list((folder / "fd").iterdir()))
