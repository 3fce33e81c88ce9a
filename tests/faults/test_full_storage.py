"""The storage refuses to write: pictures fail with one clear sentence, credits return, and later ones are kept."""

from __future__ import annotations

import pytest

from accounts.models import User
from generation.models import Job
from tests.conftest import credits_of
from tests.faults.conftest import all_drawn_once
from tests.faults.machine import Machine
from tests.generation.conftest import Queue

PATIENCE_SECONDS = 240


@pytest.mark.slow
def test_it_fails_with_release_and_recovers(machine: Machine, alice: User, queue: Queue) -> None:
    """A file where the folder should be refuses everybody, root too."""
    before = credits_of(alice)
    in_the_way = machine.folder / "media"
    in_the_way.write_text("")
    queue(alice, count=2, steps=2)
    machine.gpu_worker()
    machine.until(lambda: not Job.objects.unfinished().exists(), PATIENCE_SECONDS)
    assert set(Job.objects.values_list("state", "error_code")) == {("failed", "storage-refused")}
    assert credits_of(alice) == before
    in_the_way.unlink()
    later = queue(alice, steps=2)
    machine.until(lambda: all_drawn_once(later), PATIENCE_SECONDS)
