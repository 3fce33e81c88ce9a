"""Celery tasks of three lines: a message wakes a worker, rows say what there is to do. They are sent by `messages`."""

from __future__ import annotations

from celery import shared_task

from generation.catalog.merges import queue as merges
from generation.jobs import sources, svg
from generation.jobs import upkeep as jobs
from generation.jobs.grids import finishing
from generation.jobs.webhooks import delivering
from generation.training import upkeep as trainings
from generation.training.datasets import lifecycle as datasets


@shared_task
def run_next_job() -> int:
    from generation.worker import drawing  # local: torch stays out of every other process

    return drawing.perform_ready_jobs()


@shared_task
def run_next_training() -> int:
    from generation.worker import training  # local for the same reason

    return training.perform_ready_runs()


@shared_task
def trace_image(image_id: int) -> str:
    return svg.trace(image_id)


@shared_task
def finish_grids() -> int:
    return finishing.finish_ready_grids()


@shared_task
def deliver_webhooks() -> int:
    return delivering.deliver_due()


@shared_task
def merge_loras() -> int:
    from generation.worker.merging import perform_ready_merges  # local for the same reason

    return perform_ready_merges()


@shared_task
def recover() -> dict[str, int]:
    return _recover()


@shared_task(name="generation.tasks.heal")
def recover_by_its_former_name() -> dict[str, int]:
    """For messages from before it was called `recover`."""
    return _recover()


def _recover() -> dict[str, int]:
    return {
        **jobs.recover(),
        **trainings.recover(),
        "traced": svg.recover(),
        "grids": finishing.finish_ready_grids(),
        "merges": merges.recover(),
        "webhooks": delivering.recover(),
    }


@shared_task
def prune() -> dict[str, int]:
    return {
        **jobs.prune(),
        **sources.prune(),
        **trainings.prune(),
        **datasets.prune(),
        "webhook_deliveries": delivering.prune(),
    }
