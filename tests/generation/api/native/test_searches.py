"""Searches over the API: priced, begun once, read as a table, cancelled; and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from generation.models import Checkpoint, DataSet, TrainingRun, TrainingSearch
from tests.conftest import credits_of
from tests.generation.training.datasets.conftest import make_dataset

__all__ = ["make_dataset"]

URL = "/api/v1/searches"
AXES = {"rank": [2, 4], "learning_rate": [0.001, 0.0001]}


@pytest.fixture
def dataset(alice: User, make_dataset: Any) -> DataSet:
    made: DataSet = make_dataset(alice, 4)
    return made


def ask(client: APIClient, pictures: DataSet, query: str = "", **fields: Any) -> Any:
    body = {"dataset": pictures.code, "name": "noto", "steps": 100, "resolution": 64, "axes": AXES, **fields}
    return client.post(URL + query, body, format="json")


def test_begin_and_read(alices_api: APIClient, catalog: Checkpoint, dataset: DataSet, alice: User) -> None:
    answer = ask(alices_api, dataset)
    assert (answer.status_code, answer.json()["state"], answer.json()["axes"]) == (202, "running", AXES)
    search = alices_api.get(answer["Location"]).json()
    assert credits_of(alice) == 1000 - search["credits"] and search["spent"] == 0
    tried = [candidate["values"] for candidate in search["candidates"]]
    assert {"rank": 2, "learning_rate": 0.001} in tried and len(tried) == 4
    (listed,) = alices_api.get(URL).json()["results"]
    assert (listed["code"], "candidates" in listed) == (search["code"], False)


def test_the_table_is_the_best_first_with_curves(alices_api: APIClient, catalog: Checkpoint, dataset: DataSet) -> None:
    address = ask(alices_api, dataset)["Location"]
    second = TrainingRun.objects.order_by("pk")[1]
    TrainingRun.objects.filter(pk=second.pk).update(step=20, curve=[[0, 1.0, 0.9], [20, 0.5, 0.6]])
    best, *others = alices_api.get(address).json()["candidates"]
    assert (best["code"], best["best_validation"], best["step"]) == (second.code, 0.6, 20)
    assert best["curve"][-1] == {"step": 20, "training_loss": 0.5, "validation_loss": 0.6}
    assert {each["best_validation"] for each in others} == {None}
    assert alices_api.get(best["run"]).json()["code"] == second.code


def test_a_dry_run_tells_the_most_it_costs(alices_api: APIClient, catalog: Checkpoint, dataset: DataSet) -> None:
    answer = ask(alices_api, dataset, "?dry_run=1")
    assert answer.status_code == 200 and answer.json()["credits"] > 0
    assert not TrainingSearch.objects.exists()
    assert ask(alices_api, dataset).json()["credits"] == answer.json()["credits"]


def test_the_same_key_begins_one(alices_api: Any, catalog: Checkpoint, dataset: DataSet) -> None:
    alices_api.credentials(**alices_api._credentials, HTTP_IDEMPOTENCY_KEY="k1")
    assert ask(alices_api, dataset).json() == ask(alices_api, dataset).json()
    assert TrainingSearch.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"axes": {"seed": [1, 2]}}, 400, "unknown-axis"),
        ({"axes": {"rank": [4]}}, 400, "wrong-number-of-candidates"),
        ({"axes": {}}, 400, "wrong-number-of-candidates"),
        ({"axes": {"rank": ["many", 4]}}, 400, "invalid"),
        ({"axes": {"rank": [0, 4]}}, 422, "bad-rank"),
        ({"budget": 1}, 400, "over-budget"),
        ({"preset": "magic"}, 400, "unknown-preset"),
        ({"name": "upload"}, 409, "name-taken"),
        ({"dataset": "nowhere"}, 404, "not-found"),
    ],
)
def test_what_cannot_be_is_refused(
    alices_api: APIClient, catalog: Checkpoint, dataset: DataSet, fields: dict[str, Any], status: int, code: str
) -> None:
    answer = ask(alices_api, dataset, **fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not TrainingSearch.objects.exists()


def test_a_preset_is_where_its_candidates_start(alices_api: APIClient, catalog: Checkpoint, dataset: DataSet) -> None:
    search = ask(alices_api, dataset, preset="thorough").json()
    assert (search["recipe"]["schedule"], search["recipe"]["steps"]) == ("cosine", 100)


def test_cancelling(alices_api: APIClient, catalog: Checkpoint, dataset: DataSet, alice: User) -> None:
    address = ask(alices_api, dataset)["Location"]
    assert alices_api.post(f"{address}/cancel").json()["state"] == "cancelled"
    assert alices_api.post(f"{address}/cancel").json()["code"] == "already-ended"
    assert credits_of(alice) == 1000


def test_an_ended_one_is_deleted(alices_api: APIClient, catalog: Checkpoint, dataset: DataSet, charlies: Any) -> None:
    address = ask(alices_api, dataset)["Location"]
    assert alices_api.delete(address).json()["code"] == "not-ended"
    alices_api.post(f"{address}/cancel")
    assert charlies.delete(address).status_code == 404
    assert alices_api.delete(address).status_code == 204
    assert alices_api.get(address).status_code == 404


def test_charlie_finds_nothing(alices_api: APIClient, catalog: Checkpoint, dataset: DataSet, charlies: Any) -> None:
    address = ask(alices_api, dataset)["Location"]
    assert charlies.get(address).status_code == charlies.post(f"{address}/cancel").status_code == 404
    assert charlies.get(URL).json()["results"] == []


def test_a_tokens_budget_pays_too(alices_api: APIClient, catalog: Checkpoint, dataset: DataSet, alice: User) -> None:
    alice.auth_token_set.update(budget=0)
    assert ask(alices_api, dataset).json()["code"] == "token-budget"
    alice.auth_token_set.update(budget=1000)
    answer = ask(alices_api, dataset)
    assert alice.auth_token_set.get().spent == answer.json()["credits"]
    run = TrainingRun.objects.order_by("pk").first()
    assert run is not None
    TrainingRun.objects.filter(pk=run.pk).update(state="cancelled", error_code="outdone", step=50)
    alices_api.post(f"{answer['Location']}/cancel")
    assert alice.auth_token_set.get().spent == 1000 - credits_of(alice) == -(-run.credits // 2)
