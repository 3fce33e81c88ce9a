"""Wake-ups reach the queue that works on them, are understood there, and cost nothing where the broker is away."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from kombu.exceptions import OperationalError

from config.celery import app
from generation.messages import wakeups

FORMER_NAMES = (
    "run_next_job", "run_next_training", "trace_image", "finish_grids", "merge_loras", "heal", "prune",
)  # fmt: skip


def test_every_name_that_is_sent_is_registered() -> None:
    app.loader.import_default_modules()
    assert {task.value for task in wakeups.Task} <= set(app.tasks)
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)
    assert set(app.conf.task_routes) <= set(app.tasks)


def test_a_message_from_before_an_upgrade_finds_its_task() -> None:
    app.loader.import_default_modules()
    assert {f"generation.tasks.{name}" for name in FORMER_NAMES} <= set(app.tasks)


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        (wakeups.Task.RUN_NEXT_JOB, "gpu"),
        (wakeups.Task.MERGE_LORAS, "gpu"),
        (wakeups.Task.RUN_NEXT_TRAINING, "training"),
        (wakeups.Task.TRACE_IMAGE, "default"),
        (wakeups.Task.FINISH_GRIDS, "default"),
    ],
)
def test_it_goes_to_the_queue_of_its_workers(task: wakeups.Task, queue: str) -> None:
    import redis

    app.control.purge()
    assert wakeups.send(task, 7)
    message = redis.Redis.from_url(settings.REDIS_URL).lpop(queue)
    assert isinstance(message, bytes)
    assert json.loads(message)["headers"]["task"] == task.value


def test_a_broker_that_is_away_costs_nothing_but_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(app, "send_task", refuse)
    assert wakeups.send(wakeups.Task.FINISH_GRIDS) is False
