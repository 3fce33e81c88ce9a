"""Idempotency-Key: a request sent again makes nothing more and is answered as the first time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.db.models.functions import Now
from knox.models import get_token_model
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import User
from accounts.refusals import Conflict
from generation.imaging.encode import encode_image
from generation.jobs import upkeep
from generation.models import Checkpoint, Job, KeptAnswer, TrainingRun
from tests.conftest import credits_of
from tests.generation.conftest import Draw
from tests.generation.training.datasets.conftest import make_dataset

__all__ = ["make_dataset"]

URL = "/api/v1/jobs"


def ask(client: APIClient, key: str | None, **fields: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(URL, {"prompt": "a red apple", **fields}, format="json", headers=headers)


def test_the_first_answer_again(alices_api: APIClient, catalog: Checkpoint) -> None:
    first, again = ask(alices_api, "k1"), ask(alices_api, "k1")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert (again["Location"], again["Idempotency-Replayed"]) == (first["Location"], "true")
    assert "Idempotency-Replayed" not in first
    assert Job.objects.count() == 1


def test_without_a_key_each_is_a_request_of_its_own(alices_api: APIClient, catalog: Checkpoint) -> None:
    ask(alices_api, None), ask(alices_api, None)
    assert (Job.objects.count(), KeptAnswer.objects.count()) == (2, 0)


def test_another_body_is_refused(alices_api: APIClient, catalog: Checkpoint) -> None:
    ask(alices_api, "k1")
    answer = ask(alices_api, "k1", prompt="a green apple")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert Job.objects.count() == 1


def test_one_under_way_is_a_conflict(alices_api: APIClient, catalog: Checkpoint, alice: User) -> None:
    ask(alices_api, "k1")
    KeptAnswer.objects.update(status=None)
    answer = ask(alices_api, "k1")
    assert (answer.status_code, answer.json()["code"]) == (409, "request-in-flight")


def test_one_whose_process_died_may_be_sent_again(alices_api: APIClient, catalog: Checkpoint, alice: User) -> None:
    ask(alices_api, "k1")
    KeptAnswer.objects.update(status=None, created_at=Now() - timedelta(minutes=6))
    assert ask(alices_api, "k1").status_code == 202


def test_a_refusal_leaves_the_key_free(alices_api: APIClient, catalog: Checkpoint) -> None:
    assert ask(alices_api, "k1", checkpoint="ghost").status_code == 400
    assert not KeptAnswer.objects.exists()
    assert ask(alices_api, "k1").status_code == 202


def test_keys_are_each_persons_own(alices_api: APIClient, catalog: Checkpoint, charlie: User) -> None:
    from accounts.credits import grant

    grant(charlie, 100, reference="gift")
    _, token = get_token_model().objects.create(user=charlie)
    charlies_api = APIClient(headers={"Authorization": f"Bearer {token}"})
    ask(alices_api, "k1"), ask(charlies_api, "k1")
    assert Job.objects.count() == 2


def test_keys_are_kept_for_a_day(alices_api: APIClient, catalog: Checkpoint) -> None:
    ask(alices_api, "k1")
    upkeep.prune()
    assert KeptAnswer.objects.exists()
    KeptAnswer.objects.update(created_at=Now() - timedelta(hours=25))
    ask(alices_api, "k1")
    assert Job.objects.count() == 2
    KeptAnswer.objects.update(created_at=Now() - timedelta(hours=25))
    upkeep.prune()
    assert not KeptAnswer.objects.exists()


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
def test_a_key_that_is_none(alices_api: APIClient, catalog: Checkpoint, key: str) -> None:
    assert ask(alices_api, key).json()["code"] == "bad-idempotency-key"


def test_tracing_takes_a_key_too(alices_api: APIClient, alice: User, draw: Draw) -> None:
    address = f"/api/v1/images/{draw(alice).code}/trace"
    answers = [alices_api.post(address, headers={"Idempotency-Key": "t"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[1]["Idempotency-Replayed"] == "true"


GRID = {"prompt": "a red apple", "axes": [{"field": "steps", "values": ["2-6 (+2)"]}]}
TRAINING: dict[str, Any] = {"name": "noto", "steps": 100, "resolution": 64}
SUBMISSIONS: dict[str, dict[str, Any]] = {
    "jobs": {"prompt": "a red apple <lora:fluent-3d:0.8>", "count": 3},
    "grids": GRID,
    "runs": TRAINING,
    "searches": {**TRAINING, "axes": {"rank": [2, 4]}},
    "merges": {"title": "Both", "rank": 8, "parents": [{"name": "fluent-3d"}, {"name": "line-art"}]},
}
LOOKED_UP = ("checkpoint", "lora", "vae", "embedding", "wildcard", "datapicture")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", SUBMISSIONS)
@pytest.mark.parametrize("key", [None, "k1"])
def test_names_are_looked_up_before_the_transaction(
    alices_api: APIClient, alice: User, catalog: Checkpoint, make_dataset: Any, kind: str, key: str | None
) -> None:
    """It holds a lock that everybody waits for, with a key as without one."""
    body = SUBMISSIONS[kind]
    if "name" in body:
        body = {**body, "dataset": make_dataset(alice, 4).code}
    within: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        if connection.in_atomic_block:
            within.append(sql)
        return execute(sql, *rest)

    headers = {"Idempotency-Key": key} if key else {}
    with connection.execute_wrapper(note):
        answer = alices_api.post(f"/api/v1/{kind}", body, format="json", headers=headers)
    assert answer.status_code == 202, answer.json()
    assert any("INSERT" in sql for sql in within)
    tables = [f'FROM "generation_{name}"' for name in LOOKED_UP]
    assert [sql for sql in within if any(table in sql for table in tables)] == []
    assert (KeptAnswer.objects.filter(status=202).count() == 1) == (key is not None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["runs", "searches"])
def test_what_fails_after_it_was_written_is_taken_back(
    alices_api: APIClient, alice: User, catalog: Checkpoint, make_dataset: Any, kind: str, monkeypatch: Any
) -> None:
    """The rows, the held credits and the kept answer are there together, or none of them is."""
    body = {**SUBMISSIONS[kind], "dataset": make_dataset(alice, 4).code}

    def too_slow(*args: Any) -> None:
        raise Conflict("request-too-slow", "This request took too long.")

    with monkeypatch.context() as patch:
        patch.setattr("generation.api.idempotency.keep", too_slow)
        answer = alices_api.post(f"/api/v1/{kind}", body, format="json", headers={"Idempotency-Key": "k1"})
    assert (answer.status_code, answer.json()["code"]) == (409, "request-too-slow")
    assert not TrainingRun.objects.exists() and not KeptAnswer.objects.exists()
    assert credits_of(alice) == 1000
    assert alices_api.post(f"/api/v1/{kind}", body, format="json", headers={"Idempotency-Key": "k1"}).status_code == 202


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one_job(alices_api: Any, catalog: Checkpoint, alice: User) -> None:
    credentials = alices_api._credentials
    balance = credits_of(alice)
    connection.close()

    def one(number: int) -> int:
        client = APIClient()
        client.credentials(**credentials)
        try:
            return int(ask(client, "k1", seed=7).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(one, range(20)))
    assert set(statuses) <= {202, 409} and 202 in statuses
    assert Job.objects.count() == 1
    assert credits_of(alice) == balance - Job.objects.get().credits


def test_publishing_again_with_the_same_key(alices_api: APIClient, alice: User, draw: Draw) -> None:
    body = {"image": draw(alice).code, "title": "An apple", "tags": []}
    first, again = (
        alices_api.post("/api/v1/posts", body, format="json", headers={"Idempotency-Key": "p1"}) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


MAKES_NOTHING = {
    "api-job-cancel", "api-jobs-cancel", "api-job-prefer", "api-grid-cancel", "api-run-pause", "api-run-resume",
    "api-run-stop", "api-run-discard", "api-search-cancel", "api-prompt-inspect", "api-recipe-read", "api-selections",
    "api-notifications-read", "api-verify", "api-lines", "api-webhooks", "api-webhook-secret",
}  # fmt: skip
"""Said twice these do no more than said once."""


def test_every_post_that_makes_something_takes_a_key() -> None:
    from config import api

    def views(patterns: Any) -> Any:
        for each in patterns:
            yield from views(each.url_patterns) if hasattr(each, "url_patterns") else [(each.name, each.callback.cls)]

    posts = {name: view.post for name, view in views(api.urlpatterns) if hasattr(view, "post")}
    careless = {name for name, post in posts.items() if not getattr(post, "heeds_idempotency_key", False)}
    assert careless == MAKES_NOTHING & posts.keys()
    assert posts.keys() >= {"api-jobs", "api-posts", "api-datasets", "api-runs", "api-searches"}


def test_files_of_one_name_are_told_apart(alices_api: APIClient, alice: User) -> None:
    made = alices_api.post("/api/v1/datasets", {"title": "Cats", "trigger": "ohwx", "consent": True}, format="json")
    assert made.status_code == 201, made.json()
    address = f"/api/v1/datasets/{made.json()['code']}/pictures"

    def send(seed: int) -> Any:
        pixels = np.random.default_rng(seed).integers(0, 255, (512, 512, 3), np.uint8)
        file = SimpleUploadedFile("cat.png", encode_image(Image.fromarray(pixels), "png"), "image/png")
        return alices_api.post(address, {"files": [file]}, format="multipart", headers={"Idempotency-Key": "u"})

    first, again, other = send(1), send(1), send(2)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422), first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert first.json() == again.json()


@pytest.mark.parametrize("value", ["1", "true"])
def test_a_dry_run_keeps_nothing(alices_api: APIClient, alice: User, catalog: Checkpoint, value: str) -> None:
    """It makes nothing, so its key stays free for the true request, and its price is told afresh."""
    for prompt in ("a cat", "a dog"):
        answer = alices_api.post(
            f"/api/v1/jobs?dry_run={value}", {"prompt": prompt}, format="json", headers={"Idempotency-Key": "once"}
        )
        assert answer.status_code == 200 and "Idempotency-Replayed" not in answer
    assert not KeptAnswer.objects.exists()
