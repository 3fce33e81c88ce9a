"""Celery envelopes of three lines: a message is a bell, the rows say what there is to do."""

from __future__ import annotations

from celery import shared_task

from generation import tracing, upkeep
from generation.datasets.keeping import delete_expired_datasets
from generation.runs import upkeep as runs_upkeep


@shared_task
def run_next_job() -> int:
    from generation import execution  # local: torch stays out of every other process

    return execution.perform_ready_jobs()


@shared_task
def run_next_training() -> int:
    from generation import coaching  # local for the same reason

    return coaching.perform_ready_runs()


@shared_task
def trace_image(image_id: int) -> str:
    return tracing.trace(image_id)


@shared_task
def heal() -> dict[str, int]:
    return {**upkeep.heal(ring=run_next_job.delay), **runs_upkeep.heal(ring=run_next_training.delay)}


@shared_task
def prune() -> dict[str, int]:
    return {**upkeep.prune(), **runs_upkeep.prune(), "datasets": delete_expired_datasets()}
