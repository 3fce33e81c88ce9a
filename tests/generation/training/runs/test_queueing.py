"""Claims, leases and the fair order of runs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from accounts.credits import grant
from accounts.models import User
from generation.models import Checkpoint, TrainingRun
from generation.models.leases import LEASE
from generation.training.runs import lifecycle, queueing
from generation.training.runs.controls import delete_run
from generation.training.runs.submission import submit_training
from tests.generation.training.conftest import MakeDataSet, QueueRun, small_recipe


def test_a_claim_raises_the_attempt_and_takes_a_lease(queue_run: QueueRun) -> None:
    run = queue_run()
    claimed = queueing.claim_next_run("w1")
    assert claimed is not None and (claimed.pk, claimed.attempt, claimed.state) == (run.pk, 1, "running")
    assert TrainingRun.objects.filter(lease_until__gt=Now(), lease_until__lte=Now() + LEASE).exists()
    assert queueing.claim_next_run("w2") is None


def test_a_worker_trains_one_at_a_time(queue_run: QueueRun) -> None:
    queue_run(), queue_run()
    assert queueing.claim_next_run("w1") is not None
    assert queueing.claim_next_run("w1") is None
    assert queueing.claim_next_run("w2") is not None


def test_who_has_trained_least_comes_first(
    alice: User, charlie: User, queue_run: QueueRun, make_dataset: MakeDataSet, tiny: Checkpoint
) -> None:
    first, second = queue_run("first"), queue_run("second")
    grant(charlie, 100, reference="gift")
    charlies = submit_training(charlie, make_dataset(charlie, 3), small_recipe(), "his")
    order = [queueing.claim_next_run(f"w{n}") for n in range(3)]
    assert [run and run.pk for run in order] == [first.pk, charlies.pk, second.pk]


def test_deleting_does_not_jump_the_queue(queue_run: QueueRun) -> None:
    first = queue_run("first")
    assert queueing.claim_next_run("w1") is not None
    first.refresh_from_db()
    first.virtual_start = 7.0
    first.save(update_fields=["virtual_start"])
    TrainingRun.objects.update(state="done")
    delete_run(first)
    assert queue_run("second").virtual_start == max(7.0, first.virtual_finish)


def test_places_count_from_one(queue_run: QueueRun) -> None:
    assert [queueing.place_of(run) for run in (queue_run(), queue_run())] == [1, 2]


def test_a_heartbeat_prolongs_and_tells_the_wish(queue_run: QueueRun) -> None:
    queue_run()
    run = queueing.claim_next_run("w1")
    assert run is not None
    TrainingRun.objects.update(lease_until=Now() + timedelta(seconds=1), requested_action="pause")
    assert queueing.heartbeat(run) == "pause"
    assert TrainingRun.objects.filter(lease_until__gt=Now() + timedelta(seconds=10)).exists()


def test_a_late_worker_changes_nothing(queue_run: QueueRun) -> None:
    queue_run()
    late = queueing.claim_next_run("w1")
    assert late is not None
    lifecycle.release_run(late)
    now = queueing.claim_next_run("w2")
    assert now is not None and now.attempt == 2
    assert queueing.heartbeat(late) is None
    assert lifecycle.record_progress(late, 7, 1.0, []) is None
    assert not lifecycle.save_state(late, {"state.safetensors": "late"})
    assert not lifecycle.release_run(late)
    assert not lifecycle.fail_run(late, "x", "y")
    assert lifecycle.record_progress(now, 8, 1.0, []) == ""
    row = TrainingRun.objects.get()
    assert (row.state, row.step, row.state_files) == ("running", 8, {})


@pytest.mark.django_db(transaction=True)
def test_many_claim_at_once_and_each_run_goes_to_one(queue_run: QueueRun) -> None:
    runs = [queue_run() for _ in range(3)]

    def claim(number: int) -> TrainingRun | None:
        try:
            return queueing.claim_next_run(f"w{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        claimed = [run for run in pool.map(claim, range(8)) if run is not None]
    assert sorted(run.pk for run in claimed) == [run.pk for run in runs]
