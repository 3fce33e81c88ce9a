"""Typed events to open pages, over the channel layer. They are hints: a reload reads the rows.

Preview frames are `frames`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import redis
import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from generation.models import Job

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A job entered another state. The page fetches its tile again."""

    code: str
    state: str


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A training run has gone on: `loss` is a running mean; `validation` is there where it was just measured."""

    step: int
    steps: int
    loss: float
    validation: float | None
    seconds_left: float | None
    state: str
    type: str = "progress"


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """A training run has a new snapshot, or measured one anew. The page fetches its contact sheet again."""

    step: int
    type: str = "snapshot"


@dataclass(frozen=True, slots=True)
class RunChanged:
    """A training run entered another state. The page fetches itself again."""

    state: str
    type: str = "state"


RunEvent = RunProgress | RunSnapshot | RunChanged


def group_of(owner_id: int) -> str:
    return f"jobs-of-{owner_id}"


def group_of_run(code: str) -> str:
    return f"run-{code}"


def publish_change(job: Job) -> None:
    """Tell the owner's pages that the job is in another state. When the broker is away, only this hint is lost."""
    _send(group_of(job.owner_id), {"type": "job.changed", **asdict(JobChanged(job.code, job.state))})


def publish_run(code: str, event: RunEvent) -> None:
    """Tell the pages that watch the training run."""
    _send(group_of_run(code), {"type": "run.event", "event": asdict(event)})


def _send(group: str, event: Mapping[str, object]) -> None:
    try:
        async_to_sync(get_channel_layer().group_send)(group, event)
    except (redis.RedisError, OSError) as error:
        logger.warning("event_lost", group=group, error=str(error))
