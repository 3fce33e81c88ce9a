"""The file that a worker and the clock touch, by which a container's health is judged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from kombu.asynchronous.timer import Timer

from config.celery import app
from config.heartbeat import SECONDS, Clock, WorkerHeartbeat, beat


class Worker:
    """As much of Celery's worker as a step of it uses: its timer, which the test drives."""

    def __init__(self) -> None:
        self.timer = Timer()
        self.steps: list[Any] = []

    def turn(self) -> None:
        """What is due in the next seconds happens now."""
        for due, _, entry in list(self.timer.queue):
            if not entry.canceled:
                assert due
                entry()


@pytest.fixture
def file(tmp_path: Path, settings: Any) -> Path:
    settings.HEARTBEAT_FILE = str(tmp_path / "heartbeat")
    return tmp_path / "heartbeat"


def make_old(file: Path) -> None:
    os.utime(file, (0, 0))


def test_a_worker_touches_it_at_its_start_and_again_and_again(file: Path) -> None:
    worker = Worker()
    WorkerHeartbeat(worker).start(worker)
    assert file.stat().st_mtime > 0
    make_old(file)
    worker.turn()
    assert file.stat().st_mtime > 0
    assert SECONDS < 60, "the container's check asks for one a minute"


def test_every_worker_has_the_step() -> None:
    assert WorkerHeartbeat in app.steps["worker"]


def test_the_clock_touches_it_with_every_tick(file: Path, tmp_path: Path) -> None:
    assert app.conf.beat_scheduler == f"{Clock.__module__}:{Clock.__qualname__}"
    clock = Clock(app=app, schedule_filename=str(tmp_path / "schedule"), lazy=True)
    clock.setup_schedule()
    try:
        clock.tick()
    finally:
        clock.close()
    assert file.exists()


def test_something_is_due_often_enough() -> None:
    assert min(entry["schedule"] for entry in app.conf.beat_schedule.values()) < 60


def test_without_a_name_nothing_is_written(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.HEARTBEAT_FILE = ""
    monkeypatch.chdir(tmp_path)
    beat()
    assert list(tmp_path.iterdir()) == []
