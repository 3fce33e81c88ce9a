"""Two workers whose folders differ: each draws what it has the files of, whoever gets the wake-up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from generation.models import GpuWorker, Job, Lora
from tests.conftest import credits_of
from tests.faults.conftest import all_drawn_once
from tests.faults.machine import Machine
from tests.generation.conftest import Queue
from tests.tiny_weights import BUNDLED_LORAS


@pytest.fixture
def second(machine: Machine, tmp_path: Path, settings: Any) -> Iterator[Machine]:
    """Another data folder, and so another weights folder; pictures go to the same storage. The audit looks in all."""
    folder = tmp_path / "second"
    folder.mkdir()
    (tmp_path / "media").mkdir(exist_ok=True)
    (folder / "media").symlink_to(tmp_path / "media")
    settings.WEIGHTS_DIRS = [*settings.WEIGHTS_DIRS, folder / "weights"]
    second = Machine(folder)
    try:
        yield second
    finally:
        second.stop()


def only_on(machine: Machine, name: str) -> None:
    """Have the files of a bundled LoRA lie there and nowhere else."""
    path = next(path for path in BUNDLED_LORAS if path.stem == name)
    folder = machine.folder / "weights"
    folder.mkdir(exist_ok=True)
    shutil.copy(path, folder / f"own-{path.name}")
    Lora.objects.filter(name=name).update(path=f"own-{path.name}")


@pytest.mark.slow
def test_a_lora_of_one_worker_is_drawn_by_it(machine: Machine, second: Machine, alice: User, queue: Queue) -> None:
    only_on(machine, "line-art")
    only_on(second, "fluent-3d")
    workers = {"line-art": machine.gpu_worker("first", slots=2), "fluent-3d": second.gpu_worker("second", slots=2)}
    machine.until(lambda: GpuWorker.objects.filter(metrics__has_key="lacking").count() == 2, 240)
    machine.until_up("first")
    second.until_up("second")
    jobs = {name: queue(alice, f"a cat <lora:{name}:0.5>", count=4, steps=4) for name in workers}
    torn = queue(alice, "a cat <lora:line-art:0.5> <lora:fluent-3d:0.5>", count=2, steps=4)
    plain = queue(alice, "a cat", count=2, steps=4)
    machine.until(lambda: not Job.objects.filter(state__in=Job.UNFINISHED).exists(), 120)
    assert all_drawn_once([job for mine in (*jobs.values(), plain) for job in mine])
    for name, process in workers.items():
        drawn_by = Job.objects.filter(pk__in=[job.pk for job in jobs[name]]).values_list("worker", flat=True)
        assert all(f"-{process.pid}-" in worker for worker in drawn_by), (name, set(drawn_by))
    failed = Job.objects.filter(state="failed").values_list("pk", "error_code", "attempt")
    assert set(failed) == {(job.pk, "weights-missing", 1) for job in torn}
    assert credits_of(alice) == 1000 - sum(job.credits for mine in (*jobs.values(), plain) for job in mine)
