"""A storage or a database that is away for a while: what a worker has in hand is tried again. Not what it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, repeat
from typing import TypeVar

import structlog
from django.db import DatabaseError, close_old_connections

from generation.engine.outcome import RenderError
from generation.messages import frames
from generation.models import Job
from generation.models.reach import is_database_away
from generation.storage.files import StorageAway
from generation.worker.process import WorkerProcess

logger = structlog.get_logger(__name__)

PATIENCE_SECONDS = 180.0
WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each new try; from then on the last."""
LOOK_SECONDS = 0.5
DATABASE_SECONDS = 1.0
NOTE = "Waiting for the storage"
AWAY = "storage-away"
"""The code of a RenderError by which the engine hands on that a picture to start from could not be fetched."""

Result = TypeVar("Result")


class Stopped(Exception):
    """The job is no longer this worker's: cancelled, or its lease was lost."""


class Drained(Exception):
    """The worker is shutting down and has no time left for this job."""


def patiently(worker: WorkerProcess, job: Job, verb: Callable[[], Result]) -> Result:
    """What `verb` gives, tried again while the storage is away, for `PATIENCE_SECONDS` at most.

    Its lease is prolonged meanwhile, and its owner's page says why nothing goes on. Raises StorageAway, Stopped,
    Drained, and whatever `verb` raises.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    for seconds in waits():
        try:
            return verb()
        except (StorageAway, RenderError) as error:
            if isinstance(error, RenderError) and error.code != AWAY:
                raise
            if time.monotonic() + seconds > until:
                raise StorageAway(str(error)) from error
            logger.warning("storage_away", error=str(error), again_in=seconds)
        wait(worker, job, seconds)
    raise AssertionError("the waits have no end")


def with_database(worker: WorkerProcess, verb: Callable[[], Result]) -> Result:
    """What `verb` gives, tried again while the database is away: without it a worker has nothing else to do.

    `verb` must bear being done twice, as the first time may have been in force before the line was lost. Raises
    DatabaseError where the worker stops, and whatever `verb` raises.
    """
    while True:
        try:
            return verb()
        except DatabaseError as error:
            close_old_connections()
            if not is_database_away(error) or worker.closing:
                raise
            logger.warning("database_away", error=str(error))
        time.sleep(DATABASE_SECONDS)


def waits() -> Iterator[float]:
    return chain(WAITS, repeat(WAITS[-1]))


def wait(worker: WorkerProcess, job: Job, seconds: float) -> None:
    """Pause, and leave as soon as the job is not to be gone on with."""
    worker.give_time(job, seconds)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        stand = frames.last_frame(job.code) or frames.Frame(job.code, 0, 0, job.recipe.steps, 0.0, b"")
        if worker.has_lost(job) or frames.publish_frame(job.owner_id, replace(stand, seconds_left=0.0, note=NOTE)):
            raise Stopped
        if worker.out_of_time():
            raise Drained
        time.sleep(LOOK_SECONDS)
