"""/api/v1/jobs: a recipe in, jobs out, and every refusal as problem+json with a code and a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import CreditEntry, Plan, User, Wallet
from generation.jobs.queueing import claim_next
from generation.messages.frames import Frame, publish_frame
from generation.models import Checkpoint, Job
from tests.conftest import credits_of
from tests.generation.conftest import Draw, Queue, add_worker

URL = "/api/v1/jobs"


@pytest.fixture
def plan_for_many(alice: User) -> None:
    alice.plan.max_queued = 100
    alice.plan.save(update_fields=["max_queued"])


def post(client: APIClient, **fields: Any) -> Any:
    return client.post(URL, {"prompt": "a red apple", **fields}, format="json")


def test_it_works(alices_api: APIClient, catalog: Checkpoint) -> None:
    answer = post(alices_api, count=2, seed=7)
    assert answer.status_code == 202
    body = answer.json()
    assert answer["Location"] == f"{URL}/{body['jobs'][0]['code']}"
    assert [job["recipe"]["seed"] for job in body["jobs"]] == [7, 8]
    assert body["jobs"][0]["recipe"]["sampler"] == "Euler"
    assert (body["jobs"][0]["recipe"]["width"], body["jobs"][0]["recipe"]["cfg_scale"]) == (128, 4.0)
    assert [job["place"] for job in body["jobs"]] == [1, 2]


def test_a_dry_run_only_tells_the_price(alices_api: APIClient, catalog: Checkpoint) -> None:
    answer = alices_api.post(f"{URL}?dry_run=1", {"prompt": "a cat", "count": 3}, format="json")
    assert answer.json() == {"credits": 3, "balance": 1000}
    assert not Job.objects.exists()


def test_loras_beside_the_prompt(alices_api: APIClient, catalog: Checkpoint) -> None:
    answer = post(alices_api, loras=[{"name": "line-art", "weight": 0.5}])
    assert answer.json()["jobs"][0]["recipe"]["loras"] == [{"name": "line-art", "weight": 0.5, "text_weight": None}]


@pytest.mark.parametrize(
    "fields, code",
    [
        ({"prompt": ""}, "empty-prompt"),
        ({"prompt": "x" * 100_000}, "prompt-too-long"),
        ({"prompt": "   "}, "empty-prompt"),
        ({"width": 63}, "bad-width"),
        ({"steps": 0}, "bad-steps"),
        ({"seed": "many"}, "invalid"),
        ({"seed": -1}, "bad-seed"),
        ({"sampler": "Magic"}, "unknown-sampler"),
        ({"checkpoint": "dreams"}, "unknown-checkpoint"),
        ({"loras": [{"name": "ghost"}]}, "unknown-lora"),
        ({"loras": [{"name": "line-art", "weight": 9}]}, "bad-lora-weight"),
        ({"count": 0}, "bad-count"),
        ({"count": "some"}, "invalid"),
        ({"count": 9}, "too-many-pictures"),
    ],
)
def test_bad_input_is_refused_and_free(
    alices_api: APIClient, alice: User, catalog: Checkpoint, fields: dict[str, Any], code: str
) -> None:
    answer = post(alices_api, **fields)
    assert 400 <= answer.status_code < 500
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == code
    assert problem["detail"]
    assert not Job.objects.exists()
    assert credits_of(alice) == 1000


@pytest.mark.parametrize("count", [9, 65, 10**9])
def test_a_dry_run_prices_no_more_than_the_plan_makes(
    alices_api: APIClient, alice: User, catalog: Checkpoint, count: int
) -> None:
    answer = alices_api.post(f"{URL}?dry_run=1", {"prompt": "a cat", "count": count}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "too-many-pictures")


def test_a_plan_may_make_many_at_once(alices_api: APIClient, alice: User, catalog: Checkpoint) -> None:
    Plan.objects.update(max_pictures=70, max_queued=100)
    assert len(post(alices_api, count=70, width=64, height=64, steps=1).json()["jobs"]) == 70


def test_the_share_is_locked_before_the_wallet(alices_api: APIClient, alice: User, catalog: Checkpoint) -> None:
    """Also where the day's credits are added on the way, in the same transaction; else two requests wait for ever."""
    Wallet.objects.filter(user=alice).update(balance=0)
    with CaptureQueriesContext(connection) as asked:
        answer = alices_api.post(URL, {"prompt": "a cat"}, format="json", headers={"Idempotency-Key": "once"})
    assert answer.status_code == 202
    told = [query["sql"] for query in asked.captured_queries]
    share = next(n for n, sql in enumerate(told) if 'FROM "generation_queueshare"' in sql)
    wallet = next(n for n, sql in enumerate(told) if sql.startswith('UPDATE "accounts_wallet"'))
    assert share < wallet and CreditEntry.objects.filter(wallet__user=alice, note="Daily credits").exists()


def test_no_credits(alices_api: APIClient, alice: User, catalog: Checkpoint) -> None:
    from accounts.credits import hold

    hold(alice, 1000, reference="rent")
    alice.plan.daily_credits = 0
    alice.plan.save()
    answer = post(alices_api)
    assert (answer.status_code, answer.json()["code"]) == (402, "no-credits")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff\xfe"])
def test_a_broken_body(alices_api: APIClient, catalog: Checkpoint, body: bytes) -> None:
    answer = alices_api.post(URL, body, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_without_a_token(catalog: Checkpoint) -> None:
    answer = Client().post(URL, {"prompt": "a cat"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")


def test_following_a_job(alices_api: APIClient, alice: User, queue: Queue, draw: Draw) -> None:
    (waiting,) = queue(alice)
    assert alices_api.get(f"{URL}/{waiting.code}").json()["place"] == 1
    running = claim_next("w")
    assert running is not None
    body = alices_api.get(f"{URL}/{running.code}").json()
    assert (body["state"], body["place"], body["image"]) == ("running", None, None)
    image = draw(alice)
    assert image.job is not None
    assert alices_api.get(f"{URL}/{image.job.code}").json()["image"] == f"/api/v1/images/{image.code}"
    listed = alices_api.get(URL).json()["results"]
    assert [job["code"] for job in listed] == [image.job.code, waiting.code]


def test_it_says_why_a_job_waits_as_its_tile_does(alices_api: APIClient, alice: User, queue: Queue) -> None:
    jobs = queue(alice, count=5)
    add_worker(work_per_second=1e9)
    for _ in range(alice.plan.max_running):
        claim_next("w")
    body = alices_api.get(f"{URL}/{jobs[-1].code}").json()
    assert (body["place"], body["waiting_reason"]) == (1, "Your plan draws 4 pictures at a time.")
    assert alices_api.get(f"{URL}/{jobs[0].code}").json()["waiting_reason"] is None


def test_a_page_of_a_hundred_takes_few_queries(
    alices_api: APIClient, alice: User, queue: Queue, draw: Draw, plan_for_many: None
) -> None:
    """Whatever waits, runs and is done: each of them once read its place anew."""
    add_worker(work_per_second=1e9)
    image = draw(alice)
    jobs = [job for _ in range(11) for job in queue(alice, count=4)]
    claim_next("w")
    Job.objects.filter(pk=jobs[-1].pk).update(state=Job.State.CANCELLED)
    with CaptureQueriesContext(connection) as asked:
        listed = alices_api.get(URL, {"limit": 100}).json()["results"]
    assert len(asked) <= 15
    assert len(listed) == 45 and image.job is not None and listed[-1]["code"] == image.job.code
    assert [job["place"] for job in listed] == [None, *range(42, 0, -1), None, None]


def test_cancel_all(alices_api: APIClient, alice: User, queue: Queue) -> None:
    first, second = queue(alice, count=2), queue(alice)
    answer = alices_api.post(f"{URL}/cancel", {"submission": first[0].submission}, format="json")
    assert set(answer.json()["cancelled"]) == {job.code for job in first}
    assert alices_api.post(f"{URL}/cancel").json() == {"cancelled": [second[0].code]}
    assert alices_api.post(f"{URL}/cancel").json() == {"cancelled": []}


def test_cancel(alices_api: APIClient, alice: User, queue: Queue) -> None:
    (job,) = queue(alice)
    assert alices_api.post(f"{URL}/{job.code}/cancel").json()["state"] == "cancelled"
    again = alices_api.post(f"{URL}/{job.code}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "already-ended")
    assert credits_of(alice) == 1000


def test_the_steps_drawn_of_a_cancelled_one_are_paid_and_the_answer_says_so(
    alices_api: APIClient, alice: User, queue: Queue
) -> None:
    (job,) = queue(alice, width=512, height=512, steps=40)
    claim_next("w")
    assert alices_api.get(f"{URL}/{job.code}").json()["cancel_cost"] == 0
    publish_frame(alice.pk, Frame(job.code, 50, 20, 40, 1.0, b""))
    assert alices_api.get(f"{URL}/{job.code}").json()["cancel_cost"] == 2
    answer = alices_api.post(f"{URL}/{job.code}/cancel").json()
    assert (answer["state"], answer["credits"], answer["cancel_cost"]) == ("cancelled", 4, 2)
    assert credits_of(alice) == 998


def test_charlies_jobs_are_not_there(alices_api: APIClient, charlie: User, queue: Queue) -> None:
    from accounts.credits import grant

    grant(charlie, 10, reference="gift")
    (job,) = queue(charlie)
    for answer in (alices_api.get(f"{URL}/{job.code}"), alices_api.post(f"{URL}/{job.code}/cancel")):
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert alices_api.get(URL).json()["results"] == []
