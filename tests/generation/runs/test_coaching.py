"""The worker's story of a training with the real trainer: learned, kept, charged, resumed, and left at a wish."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from accounts.models import CreditEntry, User
from generation import coaching, imagefiles
from generation.models import TrainingRun
from generation.runs import files
from generation.weightfile import read_weightfile
from generation.workbench import Workbench
from tests.conftest import credits_of
from tests.generation.runs.conftest import QueueRun


def fresh(run: TrainingRun) -> TrainingRun:
    return TrainingRun.objects.get(pk=run.pk)


def test_from_submission_to_a_private_lora(alice: User, queue_run: QueueRun, bench: Workbench) -> None:
    run = queue_run()
    assert credits_of(alice) == 1000 - run.credits
    assert coaching.perform_ready_runs() == 1
    run = fresh(run)
    assert (run.state, run.step, run.error_message) == ("done", 20, "")
    lora = run.lora
    assert lora is not None
    assert (lora.name, lora.owner, lora.is_public, lora.trigger_words) == ("noto", alice, False, ["noto style"])
    path = Path(settings.WEIGHTS_DIRS[0]) / lora.path
    assert read_weightfile(path).sha256 == lora.sha256
    assert run.best_step in {snapshot.step for snapshot in run.snapshots.all()} and run.best_reason
    assert credits_of(alice) == 1000 - run.credits
    assert CreditEntry.objects.filter(reference=run.reference, kind="settle").count() == 1


def test_snapshots_have_their_files_and_nothing_else_stays(queue_run: QueueRun, bench: Workbench) -> None:
    run = queue_run()
    coaching.perform_ready_runs()
    snapshots = list(run.snapshots.all())
    assert [snapshots[0].step, snapshots[-1].step] == [0, 20]
    named = {name for snapshot in snapshots for name in (snapshot.file, *snapshot.samples)}
    assert named == set(files.names_of(run.code))
    assert imagefiles.read(snapshots[0].samples[0]).startswith(b"RIFF")
    assert all(snapshot.training_loss and snapshot.validation_loss for snapshot in snapshots)
    assert [point[0] for point in fresh(run).curve] == list(range(21))
    assert list((settings.DATA_DIR / "training").iterdir()) == []
