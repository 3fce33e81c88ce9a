"""A worker whose clock is five minutes off: leases are the database's, so no job is taken from it or from others."""

from __future__ import annotations

import pytest
from django.test import override_settings

from accounts.models import User
from generation.models import Job
from generation.storage.signing import own_credentials
from tests.faults.conftest import all_drawn_once, running
from tests.faults.machine import Machine
from tests.generation.conftest import Queue

PATIENCE_SECONDS = 240


@pytest.mark.slow
def test_a_worker_five_minutes_ahead(machine: Machine, alice: User, queue: Queue) -> None:
    """It draws beside one that is on time, while the house recovers every 15 s; nobody loses a job."""
    # Certificates cannot be made where the class of dates is not the true one, whichever worker would be the first.
    with override_settings(DATA_DIR=machine.folder):
        own_credentials()
    machine.house_worker()
    machine.gpu_worker("ahead", "tests.faults.wrong_clock", slots=2, fresh=True)
    machine.gpu_worker("on-time", slots=2)
    machine.until_up("ahead", "on-time")
    jobs = queue(alice, count=8, steps=60)
    machine.until(lambda: running() == 4, PATIENCE_SECONDS)
    machine.until(lambda: all_drawn_once(jobs), PATIENCE_SECONDS)
    assert set(Job.objects.values_list("attempt", flat=True)) == {1}
    assert Job.objects.values("worker").distinct().count() == 2
