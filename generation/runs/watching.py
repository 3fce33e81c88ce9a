"""What pages and programs show of runs and searches: plain values, read from rows alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from generation.models import Snapshot, TrainingRun, TrainingSearch
from generation.runs import queueing
from generation.runs.curve import Point
from generation.runs.halving import best_validation
from generation.runs.lifecycle import cost_so_far


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
    is_best: bool


@dataclass(frozen=True, slots=True)
class CandidateView:
    """One line of a search's table. `values` are the axes' in their order; `credits` what it has cost so far."""

    run: TrainingRun
    values: list[Any]
    best_validation: float | None
    credits: int
    curve: list[Point]


def curve_of(run: TrainingRun) -> list[Point]:
    """Points (step, training loss, validation loss or None), at most `curve.MAX_POINTS`, by step."""
    return [(step, loss, validation) for step, loss, validation in run.curve]


def snapshots_of(run: TrainingRun) -> list[SnapshotView]:
    return [_view(snapshot, snapshot.step == run.best_step) for snapshot in run.snapshots.all()]


def _view(snapshot: Snapshot, is_best: bool) -> SnapshotView:
    training, validation = snapshot.training_loss, snapshot.validation_loss
    return SnapshotView(
        step=snapshot.step,
        training_loss=training,
        validation_loss=validation,
        gap=None if training is None or validation is None else validation - training,
        similarity_training=snapshot.similarity_training,
        similarity_validation=snapshot.similarity_validation,
        closest=snapshot.closest,
        memorised=[(index, name) for index, name in snapshot.memorised],
        samples=list(snapshot.samples),
        size_bytes=snapshot.size_bytes,
        has_file=bool(snapshot.file),
        is_best=is_best,
    )


def place_of(run: TrainingRun) -> int | None:
    """Place in the queue, from 1, while the run waits."""
    return queueing.place_of(run) if run.state == TrainingRun.State.QUEUED else None


def table_of(search: TrainingSearch) -> list[CandidateView]:
    """The candidates of a search, the best first; those without a measure last."""
    runs = list(search.runs.order_by("pk"))
    views = [
        CandidateView(
            run=run,
            values=[getattr(run.recipe, axis) for axis in search.axes],
            best_validation=best_validation(run),
            credits=cost_so_far(run),
            curve=curve_of(run),
        )
        for run in runs
    ]
    return sorted(views, key=lambda view: (view.best_validation is None, view.best_validation or 0.0))
