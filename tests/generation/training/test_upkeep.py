"""Upkeep: runs of dead workers wait again, those that crash workers fail, wake-ups are sent again, files are swept."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models.functions import Now

from accounts.models import User
from generation.models import DataSet, TrainingRun
from generation.storage.files import write
from generation.training import upkeep
from generation.training.runs import lifecycle, queueing
from tests.conftest import credits_of
from tests.generation.training.conftest import QueueRun
from tests.generation.training.runs.test_controls import with_snapshots


def die() -> TrainingRun:
    """A worker takes the run and is never heard of again."""
    run = queueing.claim_next_run("doomed")
    assert run is not None
    TrainingRun.objects.update(lease_until=Now() - timedelta(seconds=1))
    return run


def test_a_dead_workers_run_waits_again(queue_run: QueueRun, wakeups_sent: list[tuple[Any, ...]]) -> None:
    run = queue_run()
    wakeups_sent.clear()
    die()
    assert upkeep.recover() == {"runs_requeued": 1, "runs_announced": 1}
    run.refresh_from_db()
    assert (run.state, run.solo_crash_count, len(wakeups_sent)) == ("queued", 1, 1)
    assert upkeep.recover() == {"runs_requeued": 0, "runs_announced": 0}


def test_a_living_workers_run_stays(queue_run: QueueRun) -> None:
    queue_run()
    queueing.claim_next_run("alive")
    assert upkeep.requeue_expired_runs() == 0


def test_it_goes_on_from_its_last_state_three_times(alice: User, queue_run: QueueRun) -> None:
    run = queue_run()
    state = {"state.safetensors": "somewhere"}
    lifecycle.save_state(die(), state)
    upkeep.requeue_expired_runs()
    for crashes in (2, 3):
        assert die().state_files == state
        upkeep.requeue_expired_runs()
        run.refresh_from_db()
        assert (run.state, run.state_files, run.solo_crash_count) == ("queued", state, crashes)
    die()
    upkeep.requeue_expired_runs()
    run.refresh_from_db()
    assert (run.state, run.error_code, credits_of(alice)) == ("failed", "worker-lost", 1000)


def test_crashes_of_one_that_gets_on_are_forgotten(queue_run: QueueRun) -> None:
    run = queue_run()
    for _ in range(5):
        lifecycle.save_state(die(), {"state.safetensors": "somewhere"})
        upkeep.requeue_expired_runs()
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("queued", 5)


@pytest.mark.parametrize(("action", "state", "left"), [("pause", "paused", ""), ("stop", "queued", "stop")])
def test_a_requested_action_outlives_the_worker(queue_run: QueueRun, action: str, state: str, left: str) -> None:
    run = queue_run()
    die()
    TrainingRun.objects.update(requested_action=action)
    upkeep.requeue_expired_runs()
    run.refresh_from_db()
    assert (run.state, run.requested_action) == (state, left)


def test_an_old_wakeup_is_sent_again(queue_run: QueueRun, wakeups_sent: list[tuple[Any, ...]]) -> None:
    queue_run(), queue_run()
    wakeups_sent.clear()
    TrainingRun.objects.update(announced_at=Now())
    upkeep.resend_unannounced_runs()
    assert wakeups_sent == []
    TrainingRun.objects.update(announced_at=Now() - timedelta(minutes=2))
    upkeep.resend_unannounced_runs()
    assert wakeups_sent == [("generation.tasks.run_next_training",)]


def test_old_files_that_no_run_uses_are_swept(queue_run: QueueRun) -> None:
    run = queue_run()
    used, late, young = (write(f"runs/{run.code}/{name}", b"x") for name in ("used", "late", "young"))
    gone = write("runs/nobody/1-state.safetensors", b"x")
    TrainingRun.objects.update(state_files={"state.safetensors": used})
    for name in (used, late, gone):
        yesterday = time.time() - 2 * 24 * 3600
        os.utime(Path(settings.MEDIA_ROOT) / name, (yesterday, yesterday))
    assert upkeep.prune() == {"runs_ended": 0, "run_files": 2}
    assert {name for name in (used, late, young, gone) if (Path(settings.MEDIA_ROOT) / name).exists()} == {used, young}


def test_a_paused_run_ends_with_the_days_of_its_pictures(alice: User, queue_run: QueueRun, dataset: DataSet) -> None:
    kept, _lost, on_time = with_snapshots(queue_run("kept"), 0.9, 0.6), queue_run("lost"), queue_run("on-time")
    TrainingRun.objects.exclude(pk=on_time.pk).update(state="paused", step=10)
    DataSet.objects.update(expires_at=Now() - timedelta(days=1))
    assert upkeep.prune()["runs_ended"] == 2
    states = {run.name: (run.state, run.error_code, run.lora is not None) for run in TrainingRun.objects.all()}
    done, gone = ("done", "", True), ("cancelled", "forgotten", False)
    assert states == {"kept": done, "lost": gone, "on-time": ("queued", "", False)}
    assert credits_of(alice) == 1000 - on_time.credits - -(-kept.credits // 2)
