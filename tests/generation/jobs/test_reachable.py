"""Who may draw what where folders differ: a job goes to a worker that has all its weight files, and to no other."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from accounts.models import Plan, User
from generation.jobs.queueing import LACKED, claim_next, left_to_others, waits, waits_for_others
from generation.jobs.reachable import Elsewhere, elsewhere_of, least
from generation.models import GpuWorker, Job
from tests.generation.conftest import Queue, add_worker

A, B, C = (letter * 64 for letter in "abc")


def named(job: Job, *hashes: str, **fields: Any) -> Job:
    """The job with LoRAs of these hashes in its recipe."""
    loras = [{"name": f"l{number}", "sha256": sha256} for number, sha256 in enumerate(hashes)]
    Job.objects.filter(pk=job.pk).update(recipe_json={**job.recipe_json, "loras": loras, **fields})
    job.refresh_from_db()
    return job


def lacking(name: str, *hashes: str, **fields: Any) -> GpuWorker:
    return add_worker(name, metrics={"lacking": list(hashes)}, **fields)


def claims(worker: GpuWorker) -> Job | None:
    elsewhere = elsewhere_of(worker)
    job = claim_next(worker.name, elsewhere=elsewhere)
    assert job is None or not elsewhere.has(job)
    return job


def test_it_works(alice: User, queue: Queue) -> None:
    first, second = queue(alice, count=2)
    named(first, A)
    without, having = lacking("without", A), lacking("with")
    assert claims(without) == second and claims(without) is None
    assert waits_for_others(elsewhere_of(without)) and not waits_for_others(elsewhere_of(having))
    assert claims(having) == first
    assert not waits_for_others(elsewhere_of(without))


@pytest.mark.parametrize(
    "fields",
    [
        {"vae_sha256": A}, {"embeddings": [{"name": "e", "sha256": A}]}, {"controls": [{"name": "c", "sha256": A}]},
        {"controls": [{"name": "c", "annotator_sha256": A}]}, {"enlarge": {"upscaler_sha256": A}},
        {"hires": {"upscaler_sha256": "", "loras": [{"name": "l", "sha256": A}]}},
    ],
    ids=["vae", "embedding", "controlnet", "annotator", "upscaler", "second pass"],
)  # fmt: skip
def test_every_kind_of_file_counts(alice: User, queue: Queue, fields: dict[str, Any]) -> None:
    (job,) = queue(alice)
    named(job, **fields)
    without, having = lacking("without", A), lacking("with", B)
    assert claims(without) is None and claims(having) == job


def test_what_nobody_has_is_anybodys_and_comes_to_its_end(alice: User, queue: Queue) -> None:
    (job,) = queue(alice)
    named(job, A)
    first, _ = lacking("w1", A), lacking("w2", A)
    assert claims(first) == job


def test_what_no_worker_has_all_of_is_anybodys(alice: User, queue: Queue) -> None:
    """Each has one of two LoRAs, or the LoRA but not the checkpoint: were it left to others, it would wait for ever."""
    job, other = queue(alice, count=2)
    named(job, A, B)
    named(other, C)
    first, _ = lacking("w1", A, C), lacking("w2", B, checkpoints=[])
    assert claims(first) == job and claims(first) == other


def test_of_what_nobody_has_the_rest_decides(alice: User, queue: Queue) -> None:
    (job,) = queue(alice)
    named(job, A, C)
    without, having = lacking("without", A, C), lacking("with", C)
    assert claims(without) is None and claims(having) == job


def test_a_silent_worker_is_awaited_for_an_hour(alice: User, queue: Queue) -> None:
    (job,) = queue(alice)
    named(job, A)
    without = lacking("without", A)
    silent = lacking("silent", seen_at=Now() - timedelta(minutes=50))
    assert claims(without) is None
    GpuWorker.objects.filter(pk=silent.pk).update(seen_at=Now() - timedelta(minutes=70))
    assert claims(without) == job


def test_who_waits_is_told_why(alice: User, queue: Queue, django_assert_max_num_queries: Any) -> None:
    """Recipes are not loaded for that, as pages that look at many jobs do not load them."""
    jobs = queue(alice, count=3)
    named(jobs[0], A)
    named(jobs[1], A, B)
    lacking("w1", A, B, work_per_second=jobs[0].work)
    lacking("w2", B)
    with django_assert_max_num_queries(8):
        told = waits(list(Job.objects.only("owner", "state", "virtual_start", "checkpoint_sha256")))
    assert [told[job.pk].reason == LACKED for job in jobs] == [False, True, False]
    assert [told[job.pk].seconds is None for job in jobs] == [False, True, False]


def test_recipes_are_read_only_where_a_worker_lacks_what_others_have(alice: User, queue: Queue) -> None:
    queue(alice)
    worker, other = lacking("w1", C), lacking("w2", C)
    asked = []
    for _ in range(2):
        elsewhere = elsewhere_of(worker)
        with CaptureQueriesContext(connection) as queries:
            claim_next("w1", elsewhere=elsewhere)
        asked.append((len(queries), any("json" in query["sql"].replace("recipe_json", "") for query in queries)))
        Job.objects.update(state="queued")
        GpuWorker.objects.filter(pk=other.pk).update(metrics={})
    assert asked == [(asked[0][0], False), (asked[0][0], True)]


def test_whatever_workers_lack_every_job_is_somebodys(alice: User, queue: Queue) -> None:
    """And SQL leaves to others what Python does."""
    generator = random.Random(7)
    Plan.objects.update(max_running=1000)
    hashes = [f"{number:064x}" for number in range(6)]
    queued = [job for _ in range(5) for job in queue(alice, count=8, steps=1)]
    jobs = [named(job, *generator.sample(hashes, generator.randrange(3))) for job in queued]
    for number in range(8):
        GpuWorker.objects.all().delete()
        few = range(generator.randrange(1, 5))
        workers = [lacking(f"w{place}", *generator.sample(hashes, generator.randrange(5))) for place in few]
        wanted = {worker.name: {job.pk for job in jobs if not elsewhere_of(worker).has(job)} for worker in workers}
        assert set().union(*wanted.values()) == {job.pk for job in jobs}, number
        for worker in workers:
            taken = set()
            while (job := claims(worker)) is not None:
                taken.add(job.pk)
            assert taken == wanted[worker.name]
            Job.objects.update(state="queued", lease_until=None)


def test_who_lacks_less_stands_for_who_lacks_more() -> None:
    sets = [frozenset("ab"), frozenset("a"), frozenset("bc"), frozenset("abc"), frozenset("a")]
    assert set(least(sets)) == {frozenset("a"), frozenset("bc")}
    assert least([frozenset("a"), frozenset()]) == (frozenset(),) and least([]) == ()


def test_without_differences_the_claim_asks_for_none() -> None:
    assert left_to_others(Elsewhere()) == ("", [])
