"""Jobs under every order of events that hypothesis thinks of: each ends once, credits conserve, no picture is free.

Submit, claim, step, finish, fail, cancel, a worker's crash, a job that hangs, expiry of leases, late results. The
database is the true one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Now
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from accounts.models import CreditEntry, Plan, User, Wallet
from accounts.refusals import Conflict, Refusal
from generation.audit.jobs import jobs_and_images, ownerless_holds, unended_holds, unpaid_jobs, wrong_endings
from generation.jobs import fairness, lifecycle, upkeep
from generation.jobs.queueing import claim_next, claim_of, heartbeat
from generation.jobs.submission import submit_jobs
from generation.models import Checkpoint, GeneratedImage, GpuWorker, Job
from generation.models.leases import LEASE
from generation.recipes.picture import Recipe

PIXELS = np.zeros((64, 64, 3), np.uint8)
WORKERS = st.sampled_from(["w1", "w2"])
PEOPLE = st.sampled_from(["alice", "charlie"])
ENDED = ("done", "failed", "cancelled")


class Jobs(RuleBasedStateMachine):
    """`held` is what workers believe to hold: a lost attempt stays there, to come back as a late result."""

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.held: list[Job] = []
        self.ends: dict[int, str] = {}
        self.accepted: set[int] = set()

    def teardown(self) -> None:
        try:
            self.draw_the_rest()
            self.each_ended_once()
        finally:
            transaction.savepoint_rollback(self.savepoint)

    def draw_the_rest(self) -> None:
        """Whatever happened so far, one good worker is enough to end it all."""
        for worker in ("w1", "w2"):
            fall_silent(worker)
        upkeep.requeue_expired_leases()
        while (job := claim_next("good")) is not None:
            lifecycle.finish_job(job, PIXELS, 0.1)

    def each_ended_once(self) -> None:
        assert set(Job.objects.values_list("pk", flat=True)) == self.accepted
        self.an_end_is_final()
        assert self.ends.keys() == self.accepted
        assert entries("settle") == sorted(job.reference for job in Job.objects.filter(state="done"))
        assert entries("release") == sorted(job.reference for job in Job.objects.exclude(state="done"))
        self.books_agree()

    @rule(name=PEOPLE, count=st.integers(1, 3))
    def submit(self, name: str, count: int) -> None:
        before = Job.objects.count()
        try:
            recipe = Recipe(prompt="x", width=64, height=64, steps=1)
            jobs = submit_jobs(User.objects.get(username=name), recipe, count)
            self.accepted.update(job.pk for job in jobs)
        except Refusal:
            assert Job.objects.count() == before

    @rule(worker=WORKERS)
    def claim(self, worker: str) -> None:
        if (job := claim_next(worker)) is not None:
            self.held.append(job)

    @rule(worker=WORKERS)
    def step(self, worker: str) -> None:
        """A heartbeat: what comes back is what this worker still holds, under the attempts that it knows."""
        mine = [job for job in self.held if job.worker == worker]
        running = set(Job.objects.running().filter(worker=worker).values_list("pk", "attempt"))
        still = heartbeat(GpuWorker(name=worker), mine)
        assert still == {claim_of(job) for job in mine} & running
        assert not Job.objects.filter(pk__in=[pk for pk, _ in still], lease_until__lt=Now()).exists()

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        lifecycle.finish_job(self.taken(data), PIXELS, 0.1)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        lifecycle.fail_job(self.taken(data), "broken", "Broken.")

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def drain(self, data: st.DataObject) -> None:
        lifecycle.release_job(self.taken(data))

    @precondition(lambda self: Job.objects.exists())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(list(Job.objects.order_by("pk"))))
        was_over = job.state in ENDED
        try:
            lifecycle.cancel_job(job)
        except Conflict:
            assert was_over

    @precondition(lambda self: Job.objects.queued().exists())
    @rule(data=st.data())
    def prefer(self, data: st.DataObject) -> None:
        fairness.prefer_job(data.draw(st.sampled_from(list(Job.objects.queued().order_by("pk")))))

    @rule(worker=WORKERS, silent=st.booleans())
    def crash(self, worker: str, silent: bool) -> None:
        """Its leases run out. A worker that was only paused (`silent`) still delivers late."""
        fall_silent(worker)
        if not silent:
            self.held = [job for job in self.held if job.worker != worker]

    @precondition(lambda self: Job.objects.running().exists())
    @rule(data=st.data())
    def hang(self, data: st.DataObject) -> None:
        """One job of a living worker is let go."""
        job = data.draw(st.sampled_from(list(Job.objects.running().order_by("pk"))))
        GpuWorker.objects.update_or_create(name=job.worker, defaults={"seen_at": Now()})
        Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))

    @rule()
    def expire(self) -> None:
        """Each that was lost has one crash more; each other one has as many as before."""
        before = {job.pk: job for job in Job.objects.all()}
        upkeep.requeue_expired_leases()
        for job in Job.objects.all():
            was = before[job.pk]
            lost = (was.state, job.state) in {("running", "queued"), ("running", "failed")}
            assert job.crash_count == was.crash_count + lost
            assert was.solo_crash_count <= job.solo_crash_count <= was.solo_crash_count + lost
            assert (job.state == "failed") == (
                was.state == "failed" or job.crash_count == 3 or job.solo_crash_count == 2
            )

    def taken(self, data: st.DataObject) -> Job:
        """One of the held, with what its worker knew of it; it may be delivered again."""
        return data.draw(st.sampled_from(self.held))

    @invariant()
    def an_end_is_final(self) -> None:
        for pk, state in Job.objects.filter(state__in=ENDED).values_list("pk", "state"):
            assert self.ends.setdefault(pk, state) == state
        assert Job.objects.filter(pk__in=self.ends).exclude(state__in=ENDED).count() == 0

    @invariant()
    def credits_conserve(self) -> None:
        for wallet in Wallet.objects.annotate(entered=Sum("entries__amount")):
            assert wallet.balance == wallet.entered
        granted = CreditEntry.objects.filter(kind="grant").aggregate(n=Sum("amount"))["n"]
        spent = Job.objects.filter(state__in=["queued", "running", "done"]).aggregate(n=Sum("credits"))["n"] or 0
        assert Wallet.objects.aggregate(n=Sum("balance"))["n"] == granted - spent

    @invariant()
    def books_agree(self) -> None:
        for check in (unpaid_jobs, unended_holds, wrong_endings, ownerless_holds, jobs_and_images):
            assert list(check()) == []

    @invariant()
    def no_picture_without_its_charge(self) -> None:
        drawn = Job.objects.filter(pk__in=GeneratedImage.objects.values("job"))
        assert sorted(job.reference for job in drawn) == entries("settle")

    @invariant()
    def a_suspect_is_drawn_alone(self) -> None:
        company = Counter(Job.objects.running().values_list("worker", flat=True))
        for job in Job.objects.running():
            assert not job.is_suspect or company[job.worker] == 1


def fall_silent(worker: str) -> None:
    """Its heartbeat and its leases end."""
    past = Now() - LEASE - timedelta(seconds=1)
    GpuWorker.objects.filter(name=worker).update(seen_at=past)
    Job.objects.running().filter(worker=worker).update(lease_until=past)


def entries(kind: str) -> list[str]:
    return sorted(CreditEntry.objects.filter(kind=kind).values_list("reference", flat=True))


@pytest.fixture
def people(alice: User, charlie: User, catalog: Checkpoint) -> Iterator[None]:
    """Alice has credits, charlie few; nobody may run more than three at once."""
    from accounts.credits import grant

    grant(charlie, 4, reference="test:charlie")
    Plan.objects.update(max_running=3)
    yield


@pytest.mark.parametrize("examples", [15, pytest.param(150, marks=pytest.mark.slow)])
def test_no_order_of_events_breaks_the_books(people: None, examples: int) -> None:
    checks = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Jobs,
        settings=settings(
            max_examples=examples, stateful_step_count=25, deadline=None, database=None, suppress_health_check=checks
        ),
    )
