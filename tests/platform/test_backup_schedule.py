"""Backups by the clock: when, under which names, how many are kept, and what happens when one cannot be made."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.schedules import crontab

from config import tasks
from config.backup import reading, schedule
from config.backup.refused import Refused
from config.celery import app, schedule_backups

SHORTER = Path("/sys/kernel/uevent_seqnum")
"""It says that it has 4096 bytes, and has a few."""


@pytest.fixture
def folder(transactional_db: None, settings: Any, tmp_path: Path) -> Path:
    settings.BACKUP_DIR = tmp_path / "backups"
    settings.BACKUP_KEEP = 2
    return Path(settings.BACKUP_DIR)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*"))


def test_one_is_made_and_the_oldest_goes(folder: Path, settings: Any) -> None:
    settings.BACKUP_WITH = ["media"]
    folder.mkdir()
    for name in ("tempera-20260101-033000.tar.gz", "tempera-20260102-033000.tar.gz", "mine.tar.gz", ".part-1-a.tar.gz"):
        (folder / name).write_text("older")
    long_ago = time.time() - timedelta(days=2).total_seconds()
    os.utime(folder / ".part-1-a.tar.gz", (long_ago, long_ago))
    made = tasks.back_up()
    assert names(folder) == [".lock", "mine.tar.gz", "tempera-20260102-033000.tar.gz", made]
    assert reading.check(folder / made).manifest.parts == ["media"]
    assert [path.name for path in schedule.kept_backups()] == [made, "tempera-20260102-033000.tar.gz"]


def test_one_at_a_time(folder: Path) -> None:
    with schedule.alone() as mine:
        assert mine and tasks.back_up() == ""
    assert tasks.back_up() != ""


@pytest.mark.skipif(not SHORTER.exists(), reason="needs Linux' own files about itself")
def test_one_that_fails_takes_none_away(folder: Path, settings: Any) -> None:
    folder.mkdir()
    for day in (1, 2, 3):
        (folder / f"tempera-2026010{day}-033000.tar.gz").write_text("older")
    settings.WEIGHTS_DIRS = [folder / "weights", *settings.WEIGHTS_DIRS[1:]]
    settings.BACKUP_WITH = ["weights"]
    (folder / "weights").mkdir()
    # A file that says how large it is and has nothing to read: one of a disk that is failing.
    (folder / "weights" / "a.safetensors").symlink_to(SHORTER)
    with pytest.raises(Refused, match="became shorter"):
        tasks.back_up()
    assert len(schedule.kept_backups()) == 3


def test_when(settings: Any) -> None:
    settings.BACKUP_AT = (3, 30)
    sender = Celery("of its own", set_as_current=False)
    schedule_backups(sender)
    entry = sender.conf.beat_schedule["back-up"]
    assert entry["schedule"] == crontab(hour=3, minute=30) and entry["task"] in app.tasks
    assert app.conf.timezone in (None, "UTC") and app.conf.enable_utc


def test_none_without_a_time(settings: Any) -> None:
    settings.BACKUP_AT = None
    sender = Celery("of its own", set_as_current=False)
    schedule_backups(sender)
    assert "back-up" not in sender.conf.beat_schedule
