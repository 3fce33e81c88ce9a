"""What pages and programs show of searches: plain values, read from rows alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from generation.models import TrainingRun, TrainingSearch
from generation.models.training import CurvePoint
from generation.training.runs.lifecycle import cost_so_far
from generation.training.searches.halving import best_validation, cost_of_candidate


@dataclass(frozen=True, slots=True)
class CandidateView:
    """One line of a search's table. `values` are the axes' in their order; `credits` what it has cost so far."""

    run: TrainingRun
    values: list[Any]
    best_validation: float | None
    credits: int
    curve: list[CurvePoint]


def table_of(search: TrainingSearch) -> list[CandidateView]:
    """The candidates of a search, the best first; those without a measure last."""
    runs = list(search.runs.order_by("pk"))
    views = [
        CandidateView(
            run=run,
            values=[getattr(run.recipe, axis) for axis in search.axes],
            best_validation=best_validation(run),
            credits=cost_so_far(run) if run.is_unfinished else cost_of_candidate(run),
            curve=run.points,
        )
        for run in runs
    ]
    return sorted(views, key=lambda view: (view.best_validation is None, view.best_validation or 0.0))
