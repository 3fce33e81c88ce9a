"""A backup of a site at work: pictures are queued, drawn and paid while it is made, and what comes back agrees."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from accounts.models import User
from config.backup import reading, writing
from generation.audit.checks import audit
from generation.models import GeneratedImage, Job
from generation.storage import files
from tests.generation.conftest import Queue, draw_next
from tests.platform.backups import emptied

HANDS = 2
PATIENCE_SECONDS = 120


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, f"It did not happen within {PATIENCE_SECONDS} s."
        time.sleep(0.01)


@pytest.fixture
def at_work(transactional_db: None, alice: User, queue: Queue) -> Any:
    """Hands that queue a picture and draw it, over and over, until the test says that it is enough."""
    enough, faults = threading.Event(), []

    def work(number: int) -> None:
        try:
            while not enough.is_set():
                queue(alice, f"a red apple of hand {number}")
                draw_next(f"hand {number}")
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    hands = [threading.Thread(target=work, args=(number,)) for number in range(HANDS)]
    for hand in hands:
        hand.start()

    def stop() -> None:
        enough.set()
        for hand in hands:
            hand.join(PATIENCE_SECONDS)
        assert faults == []

    yield stop
    stop()


def test_a_busy_site(at_work: Callable[[], None], alice: User, tmp_path: Path, settings: Any) -> None:
    pictures = GeneratedImage.objects.count
    until(lambda: pictures() >= 2)
    writing.back_up(tmp_path / "b.tar.gz", ("media",))
    made_by_then = pictures()
    until(lambda: pictures() >= made_by_then + 2)
    at_work()
    went_on_to = pictures()
    with emptied(tmp_path / "new", settings):
        reading.restore(tmp_path / "b.tar.gz")
        assert list(audit()) == []
        assert 2 <= pictures() <= made_by_then < went_on_to
        assert all(files.is_there(name) for image in GeneratedImage.objects.all() for name in image.file_names)
        # What was queued or in a hand when the backup was made is drawn here.
        Job.objects.running().update(lease_until=None, state=Job.State.QUEUED)
        while draw_next("new place"):
            pass
        assert not Job.objects.unfinished().exists() and list(audit()) == []
