"""Preview frames over Redis pub/sub, latest wins. They are never stored in SQL; the last of a job lives five minutes.

Redis also carries the hint that a job is to stop, which the worker reads with each frame it sends.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass

import redis
import structlog

from generation.messages.broker import connection
from generation.models import Job

logger = structlog.get_logger(__name__)

FRAME_SECONDS = 300
FRAMES_A_SECOND = 5
_HEADER = struct.Struct(">H")


@dataclass(frozen=True, slots=True)
class Frame:
    """One preview and how far the job is: percent 0..100, `seconds_left` guessed, `picture` a JPEG (may be empty).

    `note` says in a few words what it waits for, if it does.
    """

    code: str
    percent: int
    step: int
    total: int
    seconds_left: float
    picture: bytes
    note: str = ""

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
            | ({"note": self.note} if self.note else {})
        ).encode()
        return _HEADER.pack(len(header)) + header + self.picture

    @classmethod
    def from_bytes(cls, data: bytes) -> Frame:
        (length,) = _HEADER.unpack_from(data)
        start = _HEADER.size + length
        return cls(**json.loads(data[_HEADER.size : start]), picture=data[start:])


def frames_channel(owner_id: int) -> str:
    return f"tempera:frames:{owner_id}"


def frame_key(code: str) -> str:
    return f"tempera:frame:{code}"


def stop_key(code: str) -> str:
    return f"tempera:stop:{code}"


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
    """Tell the worker at its next preview, which is earlier than its next heartbeat."""
    try:
        connection().set(stop_key(job.code), 1, ex=FRAME_SECONDS)
    except redis.RedisError as error:
        logger.warning("stop_hint_lost", job=job.code, error=str(error))


def forget_frame(code: str) -> None:
    """The job waits again: what an earlier attempt has shown is not how far the next one is."""
    try:
        connection().delete(frame_key(code))
    except redis.RedisError as error:
        logger.warning("frame_not_forgotten", job=code, error=str(error))


def last_frame(code: str) -> Frame | None:
    """The latest preview of a job, for a page that is opened late."""
    try:
        data = connection().get(frame_key(code))
    except redis.RedisError:
        return None
    return Frame.from_bytes(data) if isinstance(data, bytes) else None
