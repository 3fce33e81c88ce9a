"""claim_next: the fairest job, once, under a lease of the database's clock."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.models.functions import Now

from accounts.models import Plan, User
from generation.jobs.queueing import Wait, claim_next, heartbeat, seconds_for, wait_of, waits
from generation.jobs.reachable import Elsewhere
from generation.models import GpuWorker, Job
from tests.generation.conftest import Queue, add_worker


def test_it_works(alice: User, queue: Queue) -> None:
    (made,) = queue(alice)
    job = claim_next("w1")
    assert job == made
    assert (job.state, job.worker, job.attempt) == ("running", "w1", 1)
    assert Job.objects.filter(lease_until__gt=Now() + timedelta(seconds=10)).exists()
    assert claim_next("w2") is None


def test_a_newcomer_waits_for_one_job_and_not_for_a_queue(alice: User, charlie: User, queue: Queue) -> None:
    from accounts.credits import grant

    grant(charlie, 10, reference="gift")
    Plan.objects.update(max_running=100)
    queue(alice, count=8)
    first = claim_next("w1")
    assert first is not None and first.owner == alice
    queue(charlie)
    second = claim_next("w1")
    assert second is not None and second.owner == charlie


def test_work_is_shared_and_not_the_count(alice: User, charlie: User, queue: Queue) -> None:
    """Charlie's pictures are four times as much work, so alice gets four for each of his."""
    from accounts.credits import grant

    grant(charlie, 1000, reference="gift")
    Plan.objects.update(max_running=100)
    for _ in range(2):
        queue(alice, count=8, steps=5)
    queue(charlie, count=4, steps=20)
    owners = [job.owner.username for _ in range(20) if (job := claim_next("w")) is not None]
    assert owners[:10].count("charlie") in (2, 3)
    assert len(owners) == 20


def test_what_only_others_can_draw_is_left_to_them_and_is_not_overtaken(alice: User, queue: Queue) -> None:
    first, second, third = queue(alice, count=3)
    Job.objects.filter(pk=first.pk).update(checkpoint_sha256=WARM)
    assert claim_next("without", {third.checkpoint_sha256}, elsewhere=Elsewhere(frozenset({WARM}))) == second
    first.refresh_from_db()
    assert (first.state, first.bypass_count) == ("queued", 0)
    assert claim_next("without", elsewhere=Elsewhere(frozenset({WARM}))) == third
    assert claim_next("without", elsewhere=Elsewhere(frozenset({WARM}))) is None
    assert claim_next("with") == first


def test_the_plans_limit_of_running_jobs_holds(alice: User, queue: Queue) -> None:
    Plan.objects.update(max_running=2)
    queue(alice, count=4)
    assert [claim_next("w") is not None for _ in range(3)] == [True, True, False]


def test_within_the_slack_a_warm_checkpoint_goes_first(alice: User, queue: Queue) -> None:
    first, second = queue(alice, count=2)
    Job.objects.filter(pk=second.pk).update(checkpoint_sha256="f" * 64)
    assert claim_next("w", warm={"f" * 64}) == second
    assert claim_next("w", warm={"f" * 64}) == first


WARM = "f" * 64


def draw_all(warm: Collection[str]) -> list[Job]:
    """One device: a job is claimed when the last has ended. What was drawn, in order."""
    drawn = []
    while (job := claim_next("w", warm)) is not None:
        Job.objects.filter(pk=job.pk).update(state="done")
        drawn.append(job)
    return drawn


@pytest.mark.parametrize("fields", [{"width": 512, "height": 512, "steps": 20}, {"steps": 1}])
def test_a_newcomer_on_another_checkpoint_is_overtaken_once(
    alice: User, charlie: User, queue: Queue, fields: dict[str, int]
) -> None:
    from accounts.credits import grant

    grant(alice, 10_000, reference="test:alice")
    grant(charlie, 1000, reference="gift")
    Plan.objects.update(max_queued=1000)
    alice.plan.refresh_from_db()
    for _ in range(5):
        queue(alice, count=8, **fields)
    Job.objects.update(checkpoint_sha256=WARM)
    claim_next("w", {WARM})
    Job.objects.running().update(state="done")
    (newcomer,) = queue(charlie, **fields)
    assert draw_all({WARM}).index(newcomer) <= 1


def test_newcomers_on_the_warm_checkpoint_do_not_starve_another(alice: User, charlie: User, queue: Queue) -> None:
    from accounts.credits import grant

    grant(charlie, 1000, reference="gift")
    Plan.objects.update(max_queued=1000)
    (cold,) = queue(charlie)
    drawn = []
    for _ in range(5):
        # As somebody's who comes just now: at the clock.
        (warm,) = queue(alice)
        Job.objects.filter(pk=warm.pk).update(checkpoint_sha256=WARM, virtual_start=cold.virtual_start)
        job = claim_next("w", {WARM})
        assert job is not None
        Job.objects.filter(pk=job.pk).update(state="done")
        drawn.append(job)
    assert drawn.index(cold) == 1


def test_of_many_that_wait_none_is_overtaken_twice(alice: User, queue: Queue) -> None:
    Plan.objects.update(max_queued=1000)
    alice.plan.refresh_from_db()
    jobs = [*queue(alice, count=8), *queue(alice, count=8)]
    Job.objects.filter(pk__in=[job.pk for job in jobs[2::3]]).update(checkpoint_sha256=WARM)
    drawn = draw_all({WARM})
    for job in jobs:
        ahead = drawn[: drawn.index(job)]
        assert len([other for other in ahead if other.pk > job.pk]) <= 1
    assert drawn != jobs


def test_beyond_the_slack_it_does_not(alice: User, queue: Queue) -> None:
    first, second = queue(alice, count=2)
    Job.objects.filter(pk=second.pk).update(checkpoint_sha256="f" * 64, virtual_start=first.virtual_start + 100)
    assert claim_next("w", warm={"f" * 64}) == first


def test_a_suspect_is_drawn_alone(alice: User, queue: Queue) -> None:
    first, suspect, last = queue(alice, count=3)
    Job.objects.filter(pk=suspect.pk).update(crash_count=2)
    assert claim_next("w") == first
    assert claim_next("w") is None, "what comes after the suspect would keep it waiting for ever"
    Job.objects.running().update(state="done")
    assert claim_next("w") == suspect
    assert claim_next("w") is None
    assert claim_next("another") == last


def test_a_worker_with_nothing_in_hand_takes_the_suspect_of_a_busy_one(alice: User, queue: Queue) -> None:
    first, suspect, last = queue(alice, count=3)
    Job.objects.filter(pk=suspect.pk).update(crash_count=2)
    assert claim_next("busy") == first
    assert claim_next("idle") == suspect
    assert claim_next("busy") == last


@pytest.mark.django_db(transaction=True)
def test_of_many_claims_at_once_each_job_has_one_winner(alice: User, queue: Queue) -> None:
    Plan.objects.update(max_running=100)
    queue(alice, count=8)

    def claim(number: int) -> int | None:
        try:
            job = claim_next(f"w{number}")
            return job.pk if job else None
        finally:
            connections.close_all()

    connection.close()
    with ThreadPoolExecutor(8) as pool:
        won = [pk for pk in pool.map(claim, range(24)) if pk]
    while job := claim_next("late"):  # a claim may lose the race for one job and come back empty
        won.append(job.pk)
    assert sorted(won) == sorted(Job.objects.values_list("pk", flat=True))


def test_the_heartbeat_prolongs_leases_and_tells_what_is_lost(alice: User, queue: Queue) -> None:
    queue(alice, count=2)
    mine, taken = claim_next("w1"), claim_next("w1")
    assert mine is not None and taken is not None
    Job.objects.update(lease_until=Now() - timedelta(seconds=1))
    Job.objects.filter(pk=taken.pk).update(worker="w2", attempt=2)
    assert heartbeat(GpuWorker(name="w1"), [mine, taken]) == {(mine.pk, mine.attempt)}
    assert Job.objects.filter(lease_until__gt=Now()).get() == mine


def test_places_count_everybody(alice: User, queue: Queue) -> None:
    first, second = queue(alice, count=2)
    assert {pk: wait.place for pk, wait in waits([second, first]).items()} == {first.pk: 1, second.pk: 2}
    running = claim_next("w")
    assert running is not None and wait_of(running) is None


def test_strangers_between_ones_own_count(alice: User, charlie: User, queue: Queue) -> None:
    first, second = queue(alice, count=2)
    Job.objects.filter(pk=queue(alice)[0].pk).update(owner=charlie, virtual_start=second.virtual_start - 0.01)
    third = queue(alice)[0]
    told = waits([third, first, second])
    assert [told[job.pk].place for job in (first, second, third)] == [1, 3, 4]
    assert told == {**waits([first]), **waits([second]), **waits([third])}


def test_the_wait_is_told_only_when_it_is_known(alice: User, queue: Queue) -> None:
    first, second = queue(alice, count=2)
    assert waits([second])[second.pk].seconds is None
    add_worker(work_per_second=first.work)
    assert waits([second])[second.pk].seconds == pytest.approx(1.0)
    GpuWorker.objects.update(seen_at=Now() - timedelta(minutes=5))
    assert waits([second])[second.pk].seconds is None


def test_what_no_worker_can_draw_is_neither_counted_nor_promised(alice: User, queue: Queue) -> None:
    gone, fine = queue(alice, count=2)
    Job.objects.filter(pk=gone.pk).update(checkpoint_sha256="f" * 64)
    gone.refresh_from_db()
    add_worker(work_per_second=gone.work)
    nobody, soon = "No worker that is at work has its checkpoint.", "Starts in a moment"
    assert waits([gone, fine]) == {gone.pk: Wait(1, None, nobody), fine.pk: Wait(2, 0.0, soon)}


def test_one_worker_that_reaches_the_file_is_enough(alice: User, queue: Queue) -> None:
    """What counts is what the living ones reach, not what stands in the catalog."""
    (job,) = queue(alice)
    add_worker("without", checkpoints=[], work_per_second=job.work)
    assert waits([job])[job.pk].seconds is None
    assert seconds_for(Job.objects.queued()) == 0
    with_it = add_worker("with", work_per_second=job.work)
    assert waits([job])[job.pk].seconds == 0.0
    assert seconds_for(Job.objects.queued()) == pytest.approx(0.5)
    GpuWorker.objects.filter(pk=with_it.pk).update(seen_at=Now() - timedelta(minutes=5))
    assert waits([job])[job.pk].seconds is None


def test_the_reason_is_what_holds_it_back(alice: User, queue: Queue) -> None:
    Plan.objects.update(max_running=1)
    queue(alice, count=1)
    (job,) = queue(alice)
    assert waits([job])[job.pk].reason == "Waiting for a worker; none is at work right now."
    add_worker(work_per_second=job.work / 10)
    assert waits([job])[job.pk].reason == "Starts in about 10 s"
    claim_next("w")
    assert waits([job])[job.pk].reason == "Your plan draws 1 picture at a time."
