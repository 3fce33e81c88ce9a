"""What the browser is told while it waits: typed events over the channel layer, preview frames over Redis.

Both are hints: any may be lost, and the rows say the truth on reload. Frames are never stored in SQL; the latest one
of a job lives in Redis for five minutes. Besides `consumers.py`, this is the only file that touches Redis pub/sub.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache

import redis
import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings

from generation.models import Job

logger = structlog.get_logger(__name__)

FRAME_SECONDS = 300
FRAMES_A_SECOND = 5
_HEADER = struct.Struct(">H")


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A job entered another state. The page fetches its tile again."""

    code: str
    state: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One preview and how far the job is: percent 0..100, `seconds_left` guessed, `picture` a WebP (may be empty)."""

    code: str
    percent: int
    step: int
    total: int
    seconds_left: float
    picture: bytes

    def to_bytes(self) -> bytes:
        """Two bytes of header length, the JSON header, the picture."""
        header = json.dumps(
            {
                "code": self.code,
                "percent": self.percent,
                "step": self.step,
                "total": self.total,
                "seconds_left": round(self.seconds_left, 1),
            }
        ).encode()
        return _HEADER.pack(len(header)) + header + self.picture

    @classmethod
    def from_bytes(cls, data: bytes) -> Frame:
        (length,) = _HEADER.unpack_from(data)
        start = _HEADER.size + length
        return cls(**json.loads(data[_HEADER.size : start]), picture=data[start:])


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A training run learns: `loss` is a running mean; `validation` stands where it was just measured."""

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


def frames_channel(owner_id: int) -> str:
    return f"tempera:frames:{owner_id}"


def frame_key(code: str) -> str:
    return f"tempera:frame:{code}"


def stop_key(code: str) -> str:
    return f"tempera:stop:{code}"


@cache
def connection() -> redis.Redis:
    """One pool a process. It waits for a free connection, since redis-py's own refuses when all are taken."""
    pool = redis.BlockingConnectionPool.from_url(settings.REDIS_URL, max_connections=64, socket_timeout=5)
    return redis.Redis(connection_pool=pool)


def publish_change(job: Job) -> None:
    """Tell the owner's pages that the job is in another state. A dead broker costs a hint, not the job."""
    _send(group_of(job.owner_id), {"type": "job.changed", **asdict(JobChanged(job.code, job.state))})


def publish_run(code: str, event: RunEvent) -> None:
    """Tell the pages that watch the training run."""
    _send(group_of_run(code), {"type": "run.event", "event": asdict(event)})


def _send(group: str, event: Mapping[str, object]) -> None:
    try:
        async_to_sync(get_channel_layer().group_send)(group, event)
    except (redis.RedisError, OSError) as error:
        logger.warning("event_lost", group=group, error=str(error))


def publish_frame(owner_id: int, frame: Frame) -> bool:
    """Send a preview, latest wins; True when the job was asked to stop since."""
    data = frame.to_bytes()
    try:
        pipe = connection().pipeline(transaction=False)
        pipe.set(frame_key(frame.code), data, ex=FRAME_SECONDS)
        pipe.publish(frames_channel(owner_id), data)
        pipe.exists(stop_key(frame.code))
        return bool(pipe.execute()[-1])
    except redis.RedisError as error:
        logger.warning("frame_lost", job=frame.code, error=str(error))
        return False


def ask_to_stop(job: Job) -> None:
    """Let the worker know at its next preview, rather than at its next heartbeat."""
    try:
        connection().set(stop_key(job.code), 1, ex=FRAME_SECONDS)
    except redis.RedisError as error:
        logger.warning("stop_hint_lost", job=job.code, error=str(error))


def last_frame(code: str) -> Frame | None:
    """The latest preview of a job, for whoever opens the page late."""
    try:
        data = connection().get(frame_key(code))
    except redis.RedisError:
        return None
    return Frame.from_bytes(data) if isinstance(data, bytes) else None


def bells() -> int | None:
    """How many messages lie in the broker for the workers that draw; None when it does not tell."""
    try:
        waiting = connection().llen("gpu")
    except redis.RedisError:
        return None
    return waiting if isinstance(waiting, int) else None
