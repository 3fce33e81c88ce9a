"""Jobs under every order of events that hypothesis thinks of: each ends once, credits conserve, no picture is free.

Submit, claim, finish, fail, cancel, a worker's death, expiry of its leases, late results. The database is the true one.
"""

from __future__ import annotations

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
from generation import fairness, lifecycle, upkeep
from generation.auditing import jobs_and_images, ownerless_holds, unended_holds, unpaid_jobs, wrong_endings
from generation.models import Checkpoint, GeneratedImage, Job
from generation.queueing import claim_next
from generation.recipe import Recipe
from generation.submission import submit_jobs

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

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.savepoint)

    @rule(name=PEOPLE, count=st.integers(1, 3))
    def submit(self, name: str, count: int) -> None:
        before = Job.objects.count()
        try:
            submit_jobs(User.objects.get(username=name), Recipe(prompt="x", width=64, height=64, steps=1), count)
        except Refusal:
            assert Job.objects.count() == before

    @rule(worker=WORKERS)
    def claim(self, worker: str) -> None:
        if (job := claim_next(worker)) is not None:
            self.held.append(job)

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
        Job.objects.running().filter(worker=worker).update(lease_until=Now() - timedelta(seconds=1))
        if not silent:
            self.held = [job for job in self.held if job.worker != worker]

    @rule()
    def expire(self) -> None:
        upkeep.requeue_expired_leases()

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
        assert GeneratedImage.objects.count() == CreditEntry.objects.filter(kind="settle").count()


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
