"""Celery envelopes of three lines: a message is a bell, the rows say what there is to do."""

from __future__ import annotations

from celery import shared_task

from generation import tracing, upkeep
from generation.datasets import keeping
from generation.lab import finishing, merging
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
def finish_grids() -> int:
    return finishing.finish_ready_grids()


@shared_task
def merge_loras() -> int:
    from generation.lab.merger import perform_ready_merges  # local for the same reason

    return perform_ready_merges()


@shared_task
def heal() -> dict[str, int]:
    healed = {**upkeep.heal(), **runs_upkeep.heal()}
    healed["traced"] = tracing.heal()
    return {**healed, "grids": finish_grids(), "merges": merging.heal()}


@shared_task
def prune() -> dict[str, int]:
    return {**upkeep.prune(), **runs_upkeep.prune(), **keeping.prune()}
