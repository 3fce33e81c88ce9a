"""What heals the queue: dead workers' jobs come back, lost bells ring again, jobs that kill workers are set aside."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import CreditEntry, User
from generation import upkeep
from generation.models import GpuWorker, Job
from generation.queueing import claim_next
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


def test_after_three_attempts_it_fails_and_is_refunded(alice: User, queue: Queue) -> None:
    queue(alice, count=2)
    for _ in range(3):
        claim_next("w"), claim_next("w")
        die("w")
        upkeep.requeue_expired_leases()
    assert set(Job.objects.values_list("state", "error_code")) == {("failed", "worker-lost")}
    assert CreditEntry.objects.filter(kind="release").count() == 2
    assert credits_of(alice) == 1000


def test_a_job_that_kills_its_worker_twice_alone_is_set_aside(alice: User, queue: Queue) -> None:
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
    assert set(Job.objects.values_list("state", "lone_deaths")) == {("queued", 0)}


def test_bells_ring_for_what_nobody_was_told_of(alice: User, queue: Queue) -> None:
    queue(alice, count=3)
    Job.objects.update(announced_at=None)
    GpuWorker.objects.create(name="w", slots=2, seen_at=Now())
    rung: list[int] = []
    assert upkeep.resend_unannounced_jobs(lambda: rung.append(1)) == 3
    assert len(rung) == 2
    assert upkeep.resend_unannounced_jobs(lambda: rung.append(1)) == 0
    Job.objects.update(announced_at=Now() - timedelta(seconds=61))
    assert upkeep.resend_unannounced_jobs(lambda: rung.append(1)) == 3


def test_a_new_worker_rings_for_as_many_as_it_can_draw(alice: User, queue: Queue) -> None:
    queue(alice, count=3)
    rung: list[int] = []
    upkeep.ring_for(2, lambda: rung.append(1))
    assert len(rung) == 2
    upkeep.ring_for(8, lambda: rung.append(1))
    assert len(rung) == 2 + 3


@pytest.mark.parametrize("days, kept", [(0, True), (2, False)])
def test_files_of_deleted_pictures_go_after_a_day(alice: User, draw: Draw, days: int, kept: bool) -> None:
    image = draw(alice)
    image.deleted_at = timezone.now() - timedelta(days=days)
    image.save(update_fields=["deleted_at"])
    upkeep.prune()
    assert default_storage.exists(image.file) is kept
