"""The worker's story of a training with the real trainer: learned, kept, charged, resumed, and left at a wish."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.models import CreditEntry, Plan, User
from generation.audit.checks import audit
from generation.models import DataPicture, Lora, TrainingRun
from generation.storage import files as storage_files
from generation.storage.quota import stored_bytes
from generation.training import upkeep
from generation.training.runs import controls, files, lifecycle, queueing
from generation.weightfiles.classify import read_weightfile
from generation.worker import process, training
from generation.worker.process import WorkerProcess
from tests.conftest import credits_of
from tests.generation.training.conftest import QueueRun

pytestmark = pytest.mark.django_db(transaction=True)


def fresh(run: TrainingRun) -> TrainingRun:
    return TrainingRun.objects.get(pk=run.pk)


def sha256_of(run: TrainingRun) -> str:
    lora = fresh(run).lora
    assert lora is not None
    return lora.sha256


@pytest.fixture
def at_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[TrainingRun], object]], None]:
    """Have something happen, once, when the worker is told of a step."""

    def plan(step: int, happens: Callable[[TrainingRun], object]) -> None:
        happened: list[int] = []
        record = lifecycle.record_progress

        def recording(run: TrainingRun, now: int, *rest: Any) -> str | None:
            if now >= step and not happened:
                happened.append(now)
                happens(run)
            return record(run, now, *rest)

        monkeypatch.setattr(lifecycle, "record_progress", recording)

    monkeypatch.setattr(training, "ROWS_EVERY_SECONDS", 0.0)
    return plan


def test_from_submission_to_a_private_lora(alice: User, queue_run: QueueRun, worker: WorkerProcess) -> None:
    run = queue_run()
    assert training.perform_ready_runs() == 1
    run = fresh(run)
    assert (run.state, run.step, run.error_message) == ("done", 20, "")
    lora = run.lora
    assert lora is not None
    assert (lora.name, lora.owner, lora.is_public, lora.trigger_words) == ("noto", alice, False, ["noto style"])
    assert read_weightfile(Path(settings.WEIGHTS_DIRS[0]) / lora.path).sha256 == lora.sha256
    assert run.best_step in {snapshot.step for snapshot in run.snapshots.all()} and run.best_reason
    assert credits_of(alice) == 1000 - run.credits
    assert CreditEntry.objects.filter(reference=run.reference, kind="settle").count() == 1


def test_snapshots_have_their_files_and_nothing_else_stays(queue_run: QueueRun, worker: WorkerProcess) -> None:
    run = queue_run()
    training.perform_ready_runs()
    snapshots = list(run.snapshots.all())
    assert [snapshots[0].step, snapshots[-1].step] == [0, 20]
    named = {name for snapshot in snapshots for name in (snapshot.file, *snapshot.samples)}
    assert named == set(files.names_of(run.code))
    assert storage_files.read(snapshots[0].samples[0]).startswith(b"RIFF")
    assert all(snapshot.training_loss and snapshot.validation_loss for snapshot in snapshots)
    assert [point[0] for point in fresh(run).curve] == list(range(21))
    assert list((settings.DATA_DIR / "training").iterdir()) == []
    assert list(audit()) == []


def test_a_drained_worker_puts_it_back_and_another_goes_on_to_the_same_lora(
    queue_run: QueueRun, worker: WorkerProcess, at_step: Any, settings: Any
) -> None:
    # The second worker is the first again: its time must not run out meanwhile.
    settings.RENDERING = replace(settings.RENDERING, stop_grace_seconds=600)
    undisturbed = queue_run("one")
    training.perform_ready_runs()
    run = queue_run("two")
    at_step(13, lambda _: worker.drain())
    training.perform_ready_runs()
    assert (fresh(run).state, fresh(run).step, fresh(run).requested_action) == ("queued", 13, "")
    worker.stop_at = None
    training.perform_ready_runs()
    assert (fresh(run).state, fresh(run).attempt) == ("done", 2)
    assert sha256_of(run) == sha256_of(undisturbed)
    assert [point[0] for point in fresh(run).curve] == list(range(21))
    assert run.snapshots.count() == undisturbed.snapshots.count()


def test_a_pause_rests_and_a_resumption_goes_on(queue_run: QueueRun, worker: WorkerProcess, at_step: Any) -> None:
    run = queue_run()
    at_step(12, controls.pause_run)
    training.perform_ready_runs()
    assert (fresh(run).state, fresh(run).step) == ("paused", 12)
    assert training.perform_ready_runs() == 0
    controls.resume_run(fresh(run))
    training.perform_ready_runs()
    assert fresh(run).state == "done"


@pytest.mark.parametrize("step", [2, 15])
def test_stop_measures_where_it_stands_and_charges_for_the_steps(
    alice: User, queue_run: QueueRun, worker: WorkerProcess, at_step: Any, step: int
) -> None:
    """The wish is heard at a step and heeded after the next."""
    run = queue_run(steps=400)
    at_step(step, lambda run: controls.stop_run(fresh(run)))
    training.perform_ready_runs()
    run = fresh(run)
    assert (run.state, run.step) == ("done", step + 1)
    measured = {snapshot.step: snapshot.validation_loss for snapshot in run.snapshots.all()}
    assert step + 1 in measured and run.best_step in measured and run.best_step
    assert Lora.objects.filter(owner=alice).count() == 1
    assert credits_of(alice) == 1000 - -(-run.credits * (step + 1) // 400)


@pytest.mark.parametrize(
    ("room_for", "state", "best", "code"), [(2, "done", 10, ""), (1, "failed", None, "storage-full")]
)
def test_a_full_storage_ends_it_with_what_it_has(
    alice: User, queue_run: QueueRun, worker: WorkerProcess, room_for: int, state: str, best: int | None, code: str
) -> None:
    """There is room for the first two snapshots, or for the bare base alone; the third would go past the plan."""
    once = queue_run(sample_every=1000)
    training.perform_ready_runs()
    size = once.snapshots.get(step=0).size_bytes
    run, before = queue_run("full", steps=30), credits_of(alice)
    Plan.objects.update(storage_bytes=stored_bytes(alice) + room_for * size + size // 2)
    training.perform_ready_runs()
    run = fresh(run)
    assert (run.state, run.best_step, run.error_code) == (state, best, code)
    assert run.snapshots.count() == room_for
    if state == "done":
        assert "your storage is full" in run.best_reason and run.lora is not None
    else:
        assert credits_of(alice) == before + run.credits


def test_a_discarded_run_leaves_nothing(alice: User, queue_run: QueueRun, worker: WorkerProcess, at_step: Any) -> None:
    run = queue_run()
    at_step(12, lambda run: controls.discard_run(fresh(run)))
    training.perform_ready_runs()
    assert (fresh(run).state, run.snapshots.count(), credits_of(alice)) == ("cancelled", 0, 1000)
    assert not Lora.objects.filter(owner=alice).exists()
    files.sweep(run.code)
    assert files.names_of(run.code) == []


def test_a_run_given_to_another_is_dropped(queue_run: QueueRun, worker: WorkerProcess, at_step: Any) -> None:
    run = queue_run()
    at_step(12, lambda run: TrainingRun.objects.filter(pk=run.pk).update(attempt=2, worker="another"))
    training.perform_ready_runs()
    assert (fresh(run).state, fresh(run).worker, fresh(run).lora) == ("running", "another", None)


def test_a_dead_worker_costs_steps_and_no_more(queue_run: QueueRun, worker: WorkerProcess, at_step: Any) -> None:
    """What the kernel's kill leaves: an expired lease, the stored state, a forgotten folder."""

    def die(run: TrainingRun) -> None:
        shutil.copytree(next((settings.DATA_DIR / "training").iterdir()), settings.DATA_DIR / "training" / "gone-1")
        TrainingRun.objects.filter(pk=run.pk).update(lease_until="2020-01-01T00:00Z")
        assert upkeep.requeue_expired_runs() == 1

    run = queue_run()
    at_step(12, die)
    training.perform_ready_runs()
    assert (fresh(run).state, fresh(run).attempt) == ("done", 2)
    assert list((settings.DATA_DIR / "training").iterdir()) == []


def test_a_picture_that_is_gone_is_told_and_refunded(alice: User, queue_run: QueueRun, worker: WorkerProcess) -> None:
    run = queue_run()
    storage_files.discard(DataPicture.objects.all()[0].file)
    training.perform_ready_runs()
    assert (fresh(run).state, fresh(run).error_code, credits_of(alice)) == ("failed", "internal-error", 1000)


def test_a_checkpoint_that_is_gone_is_told_and_refunded(
    alice: User, queue_run: QueueRun, worker: WorkerProcess
) -> None:
    run = queue_run()
    (Path(settings.WEIGHTS_DIRS[0]) / "tiny").unlink()
    training.perform_ready_runs()
    assert (fresh(run).state, fresh(run).error_code, credits_of(alice)) == ("failed", "weights-missing", 1000)


def test_a_storage_that_refuses_for_a_while_costs_nothing(
    queue_run: QueueRun, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []
    write = storage_files.write

    def full_at_first(name: str, data: bytes) -> str:
        if "state" in name and len(refused) < 2:
            refused.append(name)
            raise OSError(28, "No space left on device")
        return write(name, data)

    monkeypatch.setattr(storage_files, "write", full_at_first)
    run = queue_run()
    training.perform_ready_runs()
    assert (fresh(run).state, len(refused)) == ("done", 2)


def test_while_one_trains_another_wakeup_takes_nothing(queue_run: QueueRun, worker: WorkerProcess) -> None:
    queue_run()
    with worker.training_lock:
        assert training.perform_ready_runs() == 0
    assert training.perform_ready_runs() == 1


def test_the_heartbeat_keeps_the_lease_and_reads_what_is_asked(queue_run: QueueRun, worker: WorkerProcess) -> None:
    queue_run()
    run = queueing.claim_next_run(worker.name)
    assert run is not None
    with process.this_worker().holding_run(run):
        TrainingRun.objects.update(requested_action="stop", lease_until=None)
        worker.heartbeat()
        assert worker.requested_action == "stop"
        TrainingRun.objects.update(attempt=9)
        worker.heartbeat()
        assert worker.requested_action is None
