"""Frames and events: hints that survive a round trip, and whose loss costs nothing."""

from __future__ import annotations

import pytest
import redis

from accounts.models import User
from generation.messages import frames
from tests.generation.conftest import Queue

FRAME = frames.Frame("c0de", 40, 8, 20, 1.25, b"\xff\xd8jpeg")


def test_a_frame_survives_its_bytes() -> None:
    assert frames.Frame.from_bytes(FRAME.to_bytes()) == frames.Frame("c0de", 40, 8, 20, 1.2, b"\xff\xd8jpeg")


def test_the_last_frame_waits_for_whoever_comes_late() -> None:
    assert frames.publish_frame(7, FRAME) is False
    last = frames.last_frame("c0de")
    assert last is not None and last.picture == FRAME.picture
    assert frames.last_frame("unknown") is None


def test_a_stop_is_heard_at_the_next_frame(alice: User, queue: Queue) -> None:
    (job,) = queue(alice)
    frames.ask_to_stop(job)
    assert frames.publish_frame(alice.pk, frames.Frame(job.code, 5, 1, 20, 1.0, b"")) is True


def test_a_dead_broker_costs_hints_alone(alice: User, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    (job,) = queue(alice)
    # A pool, as the true connection has: without one redis-py tries for ten seconds.
    nobody = redis.Redis(connection_pool=redis.BlockingConnectionPool.from_url("redis://127.0.0.1:1"))
    monkeypatch.setattr(frames, "connection", lambda: nobody)
    assert frames.publish_frame(alice.pk, FRAME) is False
    assert frames.last_frame("c0de") is None
    frames.ask_to_stop(job)
