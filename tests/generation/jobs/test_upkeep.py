"""Upkeep: dead workers' jobs come back, lost wake-ups are sent again, jobs that kill workers are given up."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import CreditEntry, Plan, User
from generation.jobs import upkeep
from generation.jobs.lifecycle import release_job
from generation.jobs.queueing import claim_next
from generation.models import GpuWorker, Job
from generation.models.leases import LEASE
from tests.conftest import credits_of
from tests.generation.conftest import Draw, Queue


def die(worker: str) -> None:
    """The worker goes silent: its leases run out."""
    Job.objects.filter(worker=worker).update(lease_until=Now() - timedelta(seconds=1))


def test_an_expired_lease_goes_back_to_the_queue(alice: User, queue: Queue) -> None:
    queue(alice, count=2)
    claim_next("dead")
    claim_next("alive")
    die("dead")
    assert upkeep.requeue_expired_leases() == 1
    assert sorted(Job.objects.values_list("state", flat=True)) == ["queued", "running"]
    assert upkeep.requeue_expired_leases() == 0


def test_after_three_crashes_it_fails_and_is_refunded(alice: User, queue: Queue) -> None:
    queue(alice, count=2)
    for alone in (False, False, True):
        first, second = claim_next("w"), claim_next("w")
        assert first is not None and (second is None) is alone
        die("w")
        upkeep.requeue_expired_leases()
    assert list(Job.objects.order_by("pk").values_list("state", "error_code", "crash_count", "solo_crash_count")) == [
        ("failed", "worker-lost", 3, 1),
        ("queued", "", 2, 0),
    ]
    assert CreditEntry.objects.filter(kind="release").count() == 1
    assert credits_of(alice) == 1000 - Job.objects.queued().get().credits


def test_a_drain_is_no_crash(alice: User, queue: Queue) -> None:
    queue(alice, count=2)
    for _ in range(5):
        for job in (claim_next("w"), claim_next("w")):
            assert job is not None and release_job(job)
    claim_next("w"), claim_next("w")
    die("w")
    upkeep.requeue_expired_leases()
    assert set(Job.objects.values_list("state", "attempt", "crash_count")) == {("queued", 6, 1)}


def test_they_died_together_though_their_leases_end_apart(alice: User, queue: Queue) -> None:
    """The second was claimed after the last heartbeat, so its lease ends seconds later."""
    queue(alice, count=2)
    first, second = claim_next("w"), claim_next("w")
    assert first is not None and second is not None
    GpuWorker.objects.create(name="w", seen_at=Now() - LEASE - timedelta(seconds=1))
    Job.objects.filter(pk=first.pk).update(lease_until=Now() - timedelta(seconds=1))
    assert upkeep.requeue_expired_leases() == 2
    assert set(Job.objects.values_list("state", "crash_count", "solo_crash_count")) == {("queued", 1, 0)}


def test_one_that_hangs_goes_alone_while_the_heartbeat_goes_on(alice: User, queue: Queue) -> None:
    queue(alice, count=2)
    hanging, fine = claim_next("w"), claim_next("w")
    assert hanging is not None and fine is not None
    GpuWorker.objects.create(name="w", seen_at=Now())
    Job.objects.filter(pk=hanging.pk).update(lease_until=Now() - timedelta(seconds=1))
    assert upkeep.requeue_expired_leases() == 1
    hanging.refresh_from_db()
    fine.refresh_from_db()
    assert (hanging.state, hanging.solo_crash_count) == ("queued", 1)
    assert (fine.state, fine.crash_count) == ("running", 0)


def test_a_poisonous_one_dies_alone_and_the_others_come_through(alice: User, queue: Queue) -> None:
    Plan.objects.update(max_running=8)
    poison = queue(alice, count=8)[-1]
    for number in range(100):
        held = [job for _ in range(8) if (job := claim_next(f"w{number}")) is not None]
        if not held:
            break
        if poison in held:
            die(f"w{number}")
            upkeep.requeue_expired_leases()
        else:
            Job.objects.filter(pk__in=[job.pk for job in held]).update(state="done")
    assert list(Job.objects.filter(state="done").values_list("crash_count", flat=True)) == [2] * 7
    poison.refresh_from_db()
    assert (poison.state, poison.error_code, poison.crash_count, poison.solo_crash_count) == (
        "failed",
        "worker-lost",
        3,
        1,
    )


def test_a_job_that_kills_its_worker_twice_alone_is_given_up(alice: User, queue: Queue) -> None:
    queue(alice)
    for _ in range(2):
        assert claim_next("w") is not None
        die("w")
        upkeep.requeue_expired_leases()
    assert Job.objects.get().state == "failed"


def test_dying_in_company_is_no_evidence(alice: User, queue: Queue) -> None:
    queue(alice, count=2)
    for _ in range(2):
        claim_next("w"), claim_next("w")
        die("w")
        upkeep.requeue_expired_leases()
    assert set(Job.objects.values_list("state", "solo_crash_count")) == {("queued", 0)}


def test_workers_are_woken_for_what_nobody_was_told_of(
    alice: User, queue: Queue, wakeups_sent: list[tuple[Any, ...]]
) -> None:
    queue(alice, count=3)
    Job.objects.update(announced_at=None)
    GpuWorker.objects.create(name="w", slots=2, seen_at=Now())
    wakeups_sent.clear()
    assert upkeep.resend_unannounced_jobs() == 3
    assert wakeups_sent == [("generation.tasks.run_next_job",)] * 2
    assert upkeep.resend_unannounced_jobs() == 0
    Job.objects.update(announced_at=Now() - timedelta(seconds=61))
    assert upkeep.resend_unannounced_jobs() == 3


def test_what_could_not_be_announced_is_tried_again(
    alice: User, queue: Queue, monkeypatch: pytest.MonkeyPatch, wakeups_sent: list[tuple[Any, ...]]
) -> None:
    queue(alice)
    Job.objects.update(announced_at=None)
    with monkeypatch.context() as broker_away:
        broker_away.setattr("generation.messages.wakeups.send", lambda *args, **options: False)
        assert upkeep.resend_unannounced_jobs() == 0
    assert upkeep.resend_unannounced_jobs() == 1


def test_a_new_worker_wakes_as_many_threads_as_it_can_draw_with(
    alice: User, queue: Queue, wakeups_sent: list[tuple[Any, ...]]
) -> None:
    queue(alice, count=3)
    wakeups_sent.clear()
    upkeep.wake_for(2)
    assert len(wakeups_sent) == 2
    upkeep.wake_for(8)
    assert len(wakeups_sent) == 2 + 3


@pytest.mark.parametrize("days, kept", [(0, True), (2, False)])
def test_files_of_deleted_pictures_go_after_a_day(alice: User, draw: Draw, days: int, kept: bool) -> None:
    image = draw(alice)
    image.deleted_at = timezone.now() - timedelta(days=days)
    image.save(update_fields=["deleted_at"])
    upkeep.prune()
    assert default_storage.exists(image.file) is kept


@pytest.mark.parametrize("days, kept", [(0, True), (2, False)])
def test_what_a_dead_web_server_left_of_uploads_goes_after_a_day(
    db: None, settings: Any, tmp_path: Path, days: int, kept: bool
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    left = tmp_path / "tmpabc.upload.safetensors"
    left.write_bytes(b"half of it")
    then = time.time() - days * 24 * 3600
    os.utime(left, (then, then))
    upkeep.prune()
    assert left.exists() is kept
