"""Celery envelopes of three lines: a message is a bell, the rows say what there is to do."""

from __future__ import annotations

from celery import shared_task

from generation import tracing, upkeep
from generation.datasets.keeping import delete_expired_datasets


@shared_task
def run_next_job() -> int:
    from generation import execution  # the only local import: torch stays out of every other process

    return execution.perform_ready_jobs()


@shared_task
def trace_image(image_id: int) -> str:
    return tracing.trace(image_id)


@shared_task
def heal() -> dict[str, int]:
    return upkeep.heal(ring=run_next_job.delay)


@shared_task
def prune() -> dict[str, int]:
    return {**upkeep.prune(), "datasets": delete_expired_datasets()}
