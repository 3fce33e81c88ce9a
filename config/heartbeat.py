"""A file that a worker or the clock touches while it works, for who watches containers.

Asking Celery (`inspect ping`) would load all of Tempera every time; the age of a file costs nothing:
`find "$HEARTBEAT_FILE" -mmin -1` prints it while it is younger than a minute.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from celery import bootsteps
from celery.beat import PersistentScheduler
from django.conf import settings

SECONDS = 10.0


def beat() -> None:
    """The file is made or its time set to now; without a setting nothing happens."""
    if settings.HEARTBEAT_FILE:
        Path(settings.HEARTBEAT_FILE).touch()


class WorkerHeartbeat(bootsteps.StartStopStep):
    """By the worker's own timer: a worker whose loop stands still touches nothing."""

    requires = {"celery.worker.components:Timer"}

    def start(self, parent: Any) -> None:
        beat()
        parent.timer.call_repeatedly(SECONDS, beat)


class Clock(PersistentScheduler):
    """Celery's scheduler. Something is due every 15 s, so no two ticks lie further apart."""

    def tick(self, *args: Any, **options: Any) -> Any:
        beat()
        return super().tick(*args, **options)
