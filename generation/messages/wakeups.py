"""Wake-ups: Celery messages sent by task name. They carry no truth; what a lost one was for is found again by upkeep.

By name, so that whoever sends one imports neither the tasks nor what those load. That every name is registered is
held by a test.
"""

from __future__ import annotations

from enum import StrEnum

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

logger = structlog.get_logger(__name__)


class Task(StrEnum):
    """The tasks that are woken, by their registered names."""

    RUN_NEXT_JOB = "generation.tasks.run_next_job"
    RUN_NEXT_TRAINING = "generation.tasks.run_next_training"
    TRACE_IMAGE = "generation.tasks.trace_image"
    FINISH_GRIDS = "generation.tasks.finish_grids"
    SELECT_BY_CLICK = "generation.tasks.select_by_click"
    MERGE_LORAS = "generation.tasks.merge_loras"
    DELIVER_WEBHOOKS = "generation.tasks.deliver_webhooks"
    EXPORT_ACCOUNTS = "config.tasks.export_accounts"


def send(task: Task, *args: int, countdown: float | None = None) -> bool:
    """Send one wake-up, after `countdown` seconds; False when the broker is away, which is logged."""
    try:
        current_app.send_task(task.value, args, countdown=countdown, retry=False)
    except OperationalError as error:
        logger.warning("wakeup_lost", task=task.value, error=str(error))
        return False
    return True
