"""A worker process finds out by itself what its device asks for."""

from __future__ import annotations

import pytest

from config.celery import app
from generation.models import GpuWorker
from tests.faults.conftest import catalog, machine
from tests.faults.machine import CELERY, Machine

__all__ = ["catalog", "machine"]


@pytest.mark.slow
@pytest.mark.parametrize(("wished", "slots"), [("", 8), ("3", 3)])
def test_it_has_a_thread_for_each_picture_and_one_for_a_training(machine: Machine, wished: str, slots: int) -> None:
    machine.env |= {"GPU_SLOTS": wished, "RENDER_DEVICE": "cpu"}
    name = machine.named("gpu")
    machine.processes.append(machine.start("gpu", *CELERY, "-Q", "gpu,training", "-n", name))
    machine.until(lambda: GpuWorker.objects.exists(), 120)
    assert GpuWorker.objects.get().slots == slots
    stats = app.control.inspect([name], timeout=10, limit=1).stats()
    assert stats[name]["pool"]["max-concurrency"] == slots + 1
