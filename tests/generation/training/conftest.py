"""A tiny checkpoint that trains in no time, alice's data set of four pictures, and runs that are queued for her."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.models import Plan, User
from generation.catalog.importing import register
from generation.models import Checkpoint, DataSet, TrainingRun
from generation.recipes.training import TrainingRecipe
from generation.training.runs.submission import submit_training
from tests.generation.training.datasets.conftest import MakeDataSet, make_dataset
from tests.tiny_weights import tiny_checkpoint

__all__ = ["MakeDataSet", "make_dataset"]

QueueRun = Callable[..., TrainingRun]


@pytest.fixture
def tiny(db: None, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """Random weights in the layout of SD 1.5, as somebody put them into the weights folder.

    Its samples are of two steps and its losses of few rows: what tests here look at does not depend on how many.
    """
    monkeypatch.setattr("generation.engine.training.sampling.SAMPLE_STEPS", 2)
    monkeypatch.setattr("generation.engine.training.validation.MEASURED_ROWS", 4)
    return add_tiny_checkpoint(Path(settings.WEIGHTS_DIRS[0]))


def add_tiny_checkpoint(weights: Path) -> Checkpoint:
    weights.mkdir(parents=True, exist_ok=True)
    (weights / "tiny").symlink_to(tiny_checkpoint())
    assert register(weights / "tiny", weights).outcome == "added"
    return Checkpoint.objects.get(name="tiny")


def small_recipe(**changes: Any) -> TrainingRecipe:
    """Twenty steps of 64 pixels, with a snapshot at 0, 10 and 20."""
    small = {"checkpoint": "tiny", "steps": 20, "batch": 1, "rank": 2, "resolution": 64, "sample_every": 10, "seed": 3}
    return TrainingRecipe(**{**small, "sample_prompts": ("a cat",), **changes})


@pytest.fixture
def dataset(alice: User, make_dataset: MakeDataSet) -> DataSet:
    return make_dataset(alice, 4)


@pytest.fixture
def queue_run(tiny: Checkpoint, dataset: DataSet) -> QueueRun:
    """Queue a training for alice, as the page does."""

    def submit(name: str = "noto", **changes: Any) -> TrainingRun:
        Plan.objects.update(max_training_runs=20)
        dataset.owner.refresh_from_db()
        return submit_training(dataset.owner, dataset, small_recipe(**changes), name)

    return submit
