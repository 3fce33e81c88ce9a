"""Workers killed with SIGKILL while they train: the same LoRA comes all the same, once, and is paid once.

Pictures asked for meanwhile are drawn at once, and others' trainings go on.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.db.models.functions import Now
from safetensors.numpy import load_file

from accounts.models import CreditEntry, Plan, User
from generation.messages import wakeups
from generation.models import Checkpoint, DataSet, Job, TrainingRun
from generation.training import upkeep
from generation.training.runs.controls import stop_run
from generation.training.runs.submission import submit_training
from tests.faults.conftest import all_drawn_once
from tests.faults.machine import CELERY, Machine
from tests.faults.often_saved import SAVE_EVERY
from tests.generation.conftest import Queue
from tests.generation.training.conftest import add_tiny_checkpoint, small_recipe
from tests.generation.training.datasets.conftest import make_dataset

__all__ = ["make_dataset"]

PATIENCE_SECONDS = 600
PROMPT_SECONDS = 60
OFTEN_SAVED = "tests.faults.often_saved"


@pytest.fixture
def dataset(alice: User, machine: Machine, make_dataset: Any) -> DataSet:
    Plan.objects.update(max_training_runs=20)
    made: DataSet = make_dataset(alice, 4)
    return made


@pytest.fixture
def tiny(machine: Machine) -> Iterator[Checkpoint]:
    yield add_tiny_checkpoint(machine.folder / "weights")


def trainer(machine: Machine, name: str, starter: str = CELERY[0]) -> Any:
    """A GPU worker as the platform starts it: it draws and trains."""
    process = machine.start(name, starter, *CELERY[1:], "-c", "9", "-Q", "gpu,training", "-n", machine.named(name))
    machine.processes.append(process)
    return process


def step_of(run: TrainingRun) -> int:
    return TrainingRun.objects.values_list("step", flat=True).get(pk=run.pk)


def has_reached(run: TrainingRun, step: int) -> bool:
    return step_of(run) >= step


def has_begun_again(run: TrainingRun, attempt: int) -> bool:
    return TrainingRun.objects.get(pk=run.pk).attempt > attempt


def is_done(run: TrainingRun) -> bool:
    row = TrainingRun.objects.get(pk=run.pk)
    assert row.state != "failed", (row.error_code, row.error_message)
    return row.state == "done"


def weights_of(machine: Machine, run: TrainingRun) -> dict[str, np.ndarray]:
    lora = TrainingRun.objects.get(pk=run.pk).lora
    assert lora is not None
    return load_file(machine.folder / "weights" / lora.path)


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert one.keys() == other.keys()
    assert max(float(np.abs(one[name] - other[name]).max()) for name in one) <= 1e-5


def bury(run: TrainingRun) -> None:
    """What beat does after twenty seconds of silence; the first crash of a test waits for them."""
    TrainingRun.objects.running().filter(pk=run.pk).update(lease_until=Now() - timedelta(seconds=1))
    upkeep.recover()


def settles(run: TrainingRun) -> int:
    return CreditEntry.objects.filter(reference=run.reference, kind="settle").count()


@pytest.mark.slow
def test_killed_again_and_again_it_learns_the_same(
    machine: Machine, alice: User, dataset: DataSet, tiny: Checkpoint
) -> None:
    """Ten kills at random steps, each after the run has got on."""
    kills = int(os.environ.get("TRAINING_KILLS", "10"))
    # Many after the last kill, which comes late on a busy machine: the run must not end before it.
    steps = SAVE_EVERY * kills + 240
    recipe = small_recipe(steps=steps, sample_every=1000)
    undisturbed = submit_training(alice, dataset, recipe, "undisturbed")
    worker = trainer(machine, "worker-0", OFTEN_SAVED)
    machine.until(lambda: is_done(undisturbed), PATIENCE_SECONDS)
    run = submit_training(alice, dataset, recipe, "disturbed")
    rng = random.Random(7)
    for kill in range(1, kills + 1):
        # Past the next copy of its state, somewhere.
        aim = SAVE_EVERY * (kill - 1) + rng.randrange(2, 18)
        # The last worker may have come as far already: this one has to have it in hand.
        machine.until(partial(has_begun_again, run, kill - 1), PATIENCE_SECONDS)
        machine.until(partial(has_reached, run, aim), PATIENCE_SECONDS)
        machine.kill(worker)
        if kill == 1:
            machine.until(lambda: upkeep.requeue_expired_runs() == 1, PATIENCE_SECONDS)
        bury(run)
        worker = trainer(machine, f"worker-{kill}", OFTEN_SAVED)
    machine.until(lambda: is_done(run), PATIENCE_SECONDS)
    assert TrainingRun.objects.get(pk=run.pk).attempt == kills + 1
    assert_same(weights_of(machine, run), weights_of(machine, undisturbed))
    assert settles(run) == 1


@pytest.mark.slow
def test_a_stopped_worker_hands_its_training_to_the_next(
    machine: Machine, alice: User, dataset: DataSet, tiny: Checkpoint
) -> None:
    run = submit_training(alice, dataset, small_recipe(steps=400, sample_every=200), "handed-on")
    worker = trainer(machine, "first")
    machine.until(lambda: step_of(run) >= 120, PATIENCE_SECONDS)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(settings.RENDERING.stop_grace_seconds + 10) == 0
    row = TrainingRun.objects.get(pk=run.pk)
    assert (row.state, row.solo_crash_count) == ("queued", 0)
    step = row.step
    trainer(machine, "second")
    wakeups.send(wakeups.Task.RUN_NEXT_TRAINING)
    machine.until(lambda: step_of(run) > step or is_done(run), PATIENCE_SECONDS)
    machine.until(lambda: is_done(run), PATIENCE_SECONDS)
    assert settles(run) == 1
    # Nothing was learned twice: the curve of the second begins where the first's ended.
    assert [point[0] for point in TrainingRun.objects.get(pk=run.pk).curve] == sorted(
        {point[0] for point in TrainingRun.objects.get(pk=run.pk).curve}
    )


@pytest.mark.slow
def test_pictures_do_not_wait_for_a_training(
    machine: Machine, alice: User, dataset: DataSet, tiny: Checkpoint, queue: Queue
) -> None:
    run = submit_training(alice, dataset, small_recipe(steps=2000, sample_every=50), "long")
    trainer(machine, "both")
    machine.until(lambda: TrainingRun.objects.get(pk=run.pk).snapshots.filter(step__gt=0).exists(), PATIENCE_SECONDS)
    jobs = queue(alice, count=8, steps=20)
    began = step_of(run)
    seconds = machine.until(lambda: all_drawn_once(jobs), PROMPT_SECONDS)
    learned = step_of(run) - began
    drawn = Job.objects.filter(pk__in=[job.pk for job in jobs])
    waits = [job.started_at - job.created_at for job in drawn if job.started_at]
    assert len(waits) == len(jobs)
    print(f"8 pictures in {seconds:.1f} s; longest wait {max(waits).total_seconds():.2f} s; {learned} steps meanwhile")
    stop_run(TrainingRun.objects.get(pk=run.pk))
    machine.until(lambda: is_done(run), PATIENCE_SECONDS)
    assert settles(run) == 1


@pytest.mark.slow
def test_a_training_that_kills_every_worker_is_given_up(
    machine: Machine, alice: User, dataset: DataSet, tiny: Checkpoint
) -> None:
    run = submit_training(alice, dataset, small_recipe(steps=2000, sample_every=1000), "poison")
    for name in ("first", "second", "third", "fourth"):
        attempt = TrainingRun.objects.get(pk=run.pk).attempt
        worker = trainer(machine, name)
        machine.until(partial(has_begun_again, run, attempt), PATIENCE_SECONDS)
        machine.kill(worker)
        bury(run)
    machine.until(lambda: TrainingRun.objects.get(pk=run.pk).state == "failed", PATIENCE_SECONDS)
    assert CreditEntry.objects.filter(reference=run.reference, kind="release").count() == 1
