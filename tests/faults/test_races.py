"""Two at once, on two connections: cancel and finish end a job once, a submission and an ending both go through."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
from django.db import connections

from accounts import budgets, credits
from accounts.credits import grant
from accounts.models import ApiToken, CreditEntry, Plan, User
from accounts.refusals import Conflict
from generation.audit.checks import audit
from generation.jobs import lifecycle
from generation.jobs.queueing import claim_next
from generation.jobs.submission import submit_jobs
from generation.models import GeneratedImage, Job
from generation.recipes.picture import Recipe
from tests.generation.conftest import Queue

TIMES = 200
SUBMISSIONS = 20
LATEST_CANCEL_SECONDS = 0.1
PIXELS = np.full((128, 128, 3), 200, np.uint8)


@pytest.mark.django_db(transaction=True)
def test_cancel_races_finish(alice: User, queue: Queue) -> None:
    Plan.objects.update(max_queued=1000, max_running=1000, max_pictures=50)
    alice.plan.refresh_from_db()
    grant(alice, 10_000, reference="test:enough")
    for number in range(TIMES // 50):
        queue(alice, count=50, seed=1000 * number)
    jobs = [job for _ in range(TIMES) if (job := claim_next("w")) is not None]
    assert len(jobs) == TIMES
    with ThreadPoolExecutor(2) as pool:
        for number, job in enumerate(jobs):
            # Keeping the files takes a while before the row is written: stops come before, during and after.
            delay = random.Random(number).uniform(0, LATEST_CANCEL_SECONDS)
            race(pool, partial(lifecycle.finish_job, job, PIXELS, 0.1), partial(cancel_after, delay, job))
        race(pool, connections.close_all, connections.close_all)
    ends = dict(Job.objects.values_list("code", "state"))
    assert set(ends.values()) <= {"done", "cancelled"}
    done = {code for code, state in ends.items() if state == "done"}
    assert set(GeneratedImage.objects.values_list("job__code", flat=True)) == done
    assert 0 < len(done) < TIMES
    assert entries("settle") == done
    assert entries("release") == ends.keys() - done
    assert list(audit()) == []
    print(f"of {TIMES} races {len(done)} ended with a picture")


@pytest.mark.django_db(transaction=True)
def test_cancel_races_submit(alice: User, queue: Queue) -> None:
    """Both change the person's place in the queue and the wallet: neither may wait for the other for ever."""
    Plan.objects.update(max_queued=1000)
    alice.plan.refresh_from_db()
    grant(alice, 10_000, reference="test:enough")
    waiting = queue(alice, count=8)
    with ThreadPoolExecutor(3) as pool:
        for number in range(SUBMISSIONS):
            submit = partial(queue, alice, count=2, seed=1000 * number)
            first, *waiting, last = [*waiting, *Job.objects.queued().exclude(pk__in=[job.pk for job in waiting])]
            race(pool, submit, partial(cancel_after, 0, first), partial(cancel_after, 0, last))
        race(pool, *[connections.close_all] * 3)
    assert Job.objects.filter(state="cancelled").count() == 2 * SUBMISSIONS
    assert Job.objects.queued().count() == 8
    starts = list(Job.objects.queued().order_by("virtual_start").values_list("virtual_start", flat=True))
    assert starts == pytest.approx([number * starts[1] for number in range(8)])
    assert list(audit()) == []


def race(pool: ThreadPoolExecutor, *runners: Callable[[], object]) -> None:
    gate = threading.Barrier(len(runners))

    def run(runner: Callable[[], object]) -> None:
        gate.wait()
        runner()

    for ended in [pool.submit(run, runner) for runner in runners]:
        ended.result()


def cancel_after(delay: float, job: Job) -> None:
    time.sleep(delay)
    with suppress(Conflict):
        lifecycle.cancel_job(job)


def entries(kind: str) -> set[str]:
    references = CreditEntry.objects.filter(kind=kind).values_list("reference", flat=True)
    return {reference.removeprefix("job:") for reference in references}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", [lifecycle.cancel_job, partial(lifecycle.fail_job, code="broken", message="Broken.")])
def test_submitting_and_ending_lock_in_one_order(
    alice: User, queue: Queue, monkeypatch: pytest.MonkeyPatch, end: Callable[[Job], object]
) -> None:
    """Each stands still where it holds one of wallet and token and not yet the other."""
    token, _ = ApiToken.objects.create(user=alice, name="program", budget=100)
    recipe = Recipe(prompt="a red apple", width=128, height=128, steps=4)
    submit_jobs(alice, recipe, token=token)
    job = claim_next("w")
    assert job is not None
    for module, verb in ((credits, "hold_many"), (credits, "release"), (budgets, "spend")):
        monkeypatch.setattr(module, verb, partial(then_wait, getattr(module, verb)))
    with ThreadPoolExecutor(2) as pool:
        race(pool, alone(partial(submit_jobs, alice, recipe, token=token)), alone(partial(end, job)))
    job.refresh_from_db()
    assert not job.is_unfinished
    assert Job.objects.queued().count() == 1
    token.refresh_from_db()
    assert token.spent == 1
    assert list(audit()) == []


def then_wait(verb: Callable[..., object], *args: object, **kwargs: object) -> object:
    done = verb(*args, **kwargs)
    time.sleep(0.3)
    return done


def alone(verb: Callable[[], object]) -> Callable[[], None]:
    """On a connection of its own, which does not outlive it."""

    def run() -> None:
        try:
            verb()
        finally:
            connections.close_all()

    return run
