"""A request sent again makes no second picture: it joins the one under way, or reads the answer that was lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from generation.jobs.lifecycle import cancel_job
from generation.models import GeneratedImage, Job, KeptAnswer
from tests.conftest import credits_of
from tests.generation.api.openai.conftest import STREAMED, body_of

pytestmark = pytest.mark.filterwarnings(STREAMED)
URL = "/v1/images/generations"
RETRY = {"X-Stainless-Retry-Count": "1"}
FIRST = {"X-Stainless-Retry-Count": "0"}


def ask(client: APIClient, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    body = {"prompt": "a red apple", "size": "128x128", **fields}
    return client.post(URL, body, format="json", headers=headers or {})


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, catalog: object, aliases: None) -> None:
    """Nobody draws: whoever waits gives up."""
    monkeypatch.setattr("generation.api.openai.views.until_ended", lambda *args: False)


def test_what_is_under_way_is_joined(alices_api: APIClient, alice: User, slow: None) -> None:
    assert [ask(alices_api, headers).status_code for headers in ({}, RETRY, FIRST, {})] == [504] * 4
    (job,) = Job.objects.all()
    assert credits_of(alice) == 1000 - job.credits


def test_the_order_of_keys_does_not_matter(alices_api: APIClient, slow: None) -> None:
    alices_api.post(URL, {"prompt": "a", "n": 1, "size": "128x128"}, format="json")
    alices_api.post(URL, {"size": "128x128", "n": 1, "prompt": "a"}, format="json")
    assert Job.objects.count() == 1


def test_another_body_token_or_person_is_another_request(
    alices_api: APIClient, alice: User, charlie: User, slow: None
) -> None:
    ask(alices_api), ask(alices_api, prompt="a pear")
    for user in (alice, charlie):
        _, key = ApiToken.objects.create(user=user, name="other")
        ask(APIClient(headers={"Authorization": f"Bearer {key}"}))
    assert Job.objects.count() == 4


def test_after_its_answer_it_is_a_new_picture(alices_api: APIClient, drawn: None) -> None:
    first, again = body_of(ask(alices_api)), body_of(ask(alices_api))
    assert first["data"] != again["data"]
    assert Job.objects.count() == 2


def test_an_answer_that_never_left_is_given_again(alices_api: APIClient, drawn: None) -> None:
    ask(alices_api)  # and nobody reads it
    body_of(ask(alices_api))
    assert Job.objects.count() == 1
    body_of(ask(alices_api))
    assert Job.objects.count() == 2


def test_a_retry_that_says_so_reads_the_lost_answer(alices_api: APIClient, alice: User, drawn: None) -> None:
    first = body_of(ask(alices_api, FIRST, n=2))
    again = body_of(ask(alices_api, RETRY, n=2))
    assert first == again
    assert Job.objects.count() == 2
    assert credits_of(alice) == 1000 - sum(job.credits for job in Job.objects.all())


@pytest.mark.parametrize("count", ["", "x", "-1", "²", "0"])
def test_counts_that_tell_of_no_retry(alices_api: APIClient, drawn: None, count: str) -> None:
    for _ in range(2):
        body_of(ask(alices_api, {"X-Stainless-Retry-Count": count}))
    assert Job.objects.count() == 2


def test_after_ten_minutes_it_is_another_request(alices_api: APIClient, slow: None) -> None:
    ask(alices_api)
    KeptAnswer.objects.update(created_at=Now() - timedelta(minutes=11))
    ask(alices_api, RETRY)
    assert Job.objects.count() == 2


def test_what_came_to_nothing_is_not_joined(alices_api: APIClient, slow: None) -> None:
    ask(alices_api)
    cancel_job(Job.objects.get())
    ask(alices_api, RETRY)
    assert Job.objects.count() == 2


def test_what_was_deleted_is_not_joined(alices_api: APIClient, drawn: None) -> None:
    body_of(ask(alices_api))
    GeneratedImage.objects.update(deleted_at=timezone.now())
    body_of(ask(alices_api, RETRY))
    assert Job.objects.count() == 2


def test_a_refusal_keeps_nothing(alices_api: APIClient, drawn: None) -> None:
    assert ask(alices_api, model="dreams").status_code == 404
    assert not KeptAnswer.objects.exists()


def test_an_idempotency_key_stands_for_a_day(alices_api: APIClient, drawn: None) -> None:
    key = {"Idempotency-Key": "k1"}
    first = body_of(ask(alices_api, key))
    KeptAnswer.objects.update(created_at=Now() - timedelta(hours=23))
    assert body_of(ask(alices_api, key))["data"] == first["data"]
    other = ask(alices_api, key, prompt="a pear")
    assert (other.status_code, other.json()["error"]["code"]) == (400, "idempotency-key-reused")
    # The native API's keys are its own.
    native = alices_api.post("/api/v1/jobs", {"prompt": "a red apple"}, format="json", headers=key)
    assert native.status_code == 202
    assert Job.objects.count() == 2


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
def test_a_key_that_is_none(alices_api: APIClient, drawn: None, key: str) -> None:
    assert ask(alices_api, {"Idempotency-Key": key}).json()["error"]["code"] == "bad-idempotency-key"


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_one(alices_api: APIClient, alice: User, slow: None) -> None:
    credentials = alices_api._credentials  # type: ignore[attr-defined]
    connection.close()

    def one(number: int) -> int:
        client = APIClient()
        client.credentials(**credentials)
        try:
            return int(ask(client, seed=7).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(one, range(16)))
    assert set(statuses) <= {504, 409}
    (job,) = Job.objects.all()
    assert credits_of(alice) == 1000 - job.credits
