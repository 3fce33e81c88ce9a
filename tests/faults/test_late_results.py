"""A worker stands still past its lease and then ends its job after all: its picture is thrown away, file and row."""

from __future__ import annotations

import os
import signal

import pytest

from accounts.models import User
from generation.models import Job
from tests.faults.conftest import all_drawn_once, running
from tests.faults.machine import Machine
from tests.generation.conftest import Queue

PATIENCE_SECONDS = 240


@pytest.mark.slow
def test_a_late_result_is_discarded_with_its_file(machine: Machine, alice: User, queue: Queue) -> None:
    """The slow one's heartbeat has stopped too, so that only the attempt's number tells it that it lost."""
    slow = machine.gpu_worker("slow", "tests.faults.heartless", slots=1)
    jobs = queue(alice, count=1, steps=60)
    machine.until(lambda: running() == 1, PATIENCE_SECONDS)
    machine.hold_still(slow)
    machine.house_worker()
    quick = machine.gpu_worker("quick", slots=1)
    machine.until(lambda: all_drawn_once(jobs), PATIENCE_SECONDS)
    machine.kill(quick)
    os.kill(slow.pid, signal.SIGCONT)
    later = queue(alice, count=1, steps=1, seed=99)  # it has one slot, so this waits for the late result
    machine.until(lambda: all_drawn_once(later), PATIENCE_SECONDS)
    assert list(Job.objects.order_by("id").values_list("attempt", flat=True)) == [2, 1]
    assert "result_too_late" in machine.logs()
    written = {path.name for path in (machine.folder / "media").rglob("*.*")}
    kept = [f"{jobs[0].code}-2", f"{later[0].code}-1"]
    assert written == {f"{name}{kind}" for name in kept for kind in (".png", "-small.webp")}
