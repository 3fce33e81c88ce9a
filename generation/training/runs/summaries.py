"""What pages and programs show of runs: plain values, read from rows alone."""

from __future__ import annotations

from dataclasses import dataclass

from generation.models import Snapshot, TrainingRun


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """One column of the contact sheet. `gap` is validation loss minus training loss: how much is learned by heart."""

    step: int
    training_loss: float | None
    validation_loss: float | None
    gap: float | None
    similarity_training: float | None
    similarity_validation: float | None
    closest: int | None
    memorised: list[tuple[int, str]]
    samples: list[str]
    size_bytes: int
    has_file: bool


def snapshots_of(run: TrainingRun) -> list[SnapshotView]:
    return [_view(snapshot) for snapshot in run.snapshots.all()]


def _view(snapshot: Snapshot) -> SnapshotView:
    training, validation = snapshot.training_loss, snapshot.validation_loss
    return SnapshotView(
        step=snapshot.step,
        training_loss=training,
        validation_loss=validation,
        gap=None if training is None or validation is None else validation - training,
        similarity_training=snapshot.similarity_training,
        similarity_validation=snapshot.similarity_validation,
        closest=snapshot.closest,
        # Step 0 is the bare base, which has learned nothing yet; older rows tell of likeness there too.
        memorised=[(index, name) for index, name in snapshot.memorised] if snapshot.step else [],
        samples=list(snapshot.samples),
        size_bytes=snapshot.size_bytes,
        has_file=bool(snapshot.file),
    )
