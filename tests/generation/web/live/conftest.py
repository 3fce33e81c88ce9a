"""Trainings are queued here as they are in the tests of trainings."""

from __future__ import annotations

from tests.generation.training.conftest import dataset, make_dataset, queue_run, tiny

__all__ = ["dataset", "make_dataset", "queue_run", "tiny"]
