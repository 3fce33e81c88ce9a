"""Training runs over the API: begun once, followed, steered, fetched; and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Plan, User
from generation.models import Checkpoint, DataSet, Snapshot, TrainingRun
from generation.storage.files import write
from tests.conftest import credits_of
from tests.generation.training.datasets.conftest import make_dataset

__all__ = ["make_dataset"]

URL = "/api/v1/runs"


@pytest.fixture
def dataset(alice: User, make_dataset: Any) -> DataSet:
    made: DataSet = make_dataset(alice, 4)
    return made


def ask(client: APIClient, pictures: DataSet, query: str = "", **fields: Any) -> Any:
    body = {"dataset": pictures.code, "name": "noto", "steps": 100, "resolution": 64, **fields}
    return client.post(URL + query, body, format="json")


def test_begin_and_follow(alices_api: APIClient, catalog: Checkpoint, dataset: DataSet, alice: User) -> None:
    answer = ask(alices_api, dataset)
    assert (answer.status_code, answer.json()["state"], answer.json()["place"]) == (202, "queued", 1)
    run = alices_api.get(answer["Location"]).json()
    assert (run["name"], run["steps"], run["recipe"]["trigger"]) == ("noto", 100, "noto style")
    assert credits_of(alice) == 1000 - run["credits"]
    assert [each["code"] for each in alices_api.get(URL).json()["results"]] == [run["code"]]


def test_what_is_not_said_is_as_on_the_page(alices_api: APIClient, catalog: Checkpoint, dataset: DataSet) -> None:
    """Few pictures have folds, and the rate is the one that the family bears."""
    Plan.objects.update(max_training_runs=9)
    Checkpoint.objects.update(family="sd1")
    recipe = ask(alices_api, dataset).json()["recipe"]
    assert (recipe["folds"], recipe["learning_rate"], recipe["text_learning_rate"]) == (3, 2e-4, 5e-5)
    thing = ask(alices_api, dataset, preset="thing", prior_prompt="a cat", folds=1, name="thing").json()["recipe"]
    assert (thing["folds"], thing["rank"], thing["prior_weight"], thing["learning_rate"]) == (1, 16, 1.0, 1e-4)
    DataSet.objects.update(held_out=1)
    said = ask(alices_api, dataset, learning_rate=5e-4, name="said").json()["recipe"]
    assert (said["folds"], said["held_out"], said["learning_rate"]) == (1, 1, 5e-4)


def test_a_dry_run_tells_the_price_and_begins_nothing(
    alices_api: APIClient, catalog: Checkpoint, dataset: DataSet
) -> None:
    answer = ask(alices_api, dataset, "?dry_run=1")
    assert answer.status_code == 200 and answer.json()["credits"] > 0
    assert not TrainingRun.objects.exists()
    assert ask(alices_api, dataset).json()["credits"] == answer.json()["credits"]


def test_the_same_key_begins_one(alices_api: Any, catalog: Checkpoint, dataset: DataSet) -> None:
    alices_api.credentials(**alices_api._credentials, HTTP_IDEMPOTENCY_KEY="k1")
    assert ask(alices_api, dataset).json() == ask(alices_api, dataset).json()
    assert TrainingRun.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"rank": 0}, 422, "bad-rank"),
        ({"name": "two words"}, 400, "bad-name"),
        ({"dataset": "nowhere"}, 404, "not-found"),
        ({"checkpoint": "ghost"}, 400, "unknown-checkpoint"),
        ({"optimizer": "magic"}, 400, "invalid"),
        ({"preset": "magic"}, 400, "unknown-preset"),
        ({"preset": "thing"}, 422, "bad-prior-prompt"),
        ({"name": "merges"}, 409, "name-taken"),
    ],
)
def test_what_cannot_be_is_refused(
    alices_api: APIClient, catalog: Checkpoint, dataset: DataSet, fields: dict[str, Any], status: int, code: str
) -> None:
    answer = ask(alices_api, dataset, **fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_preset_sets_what_is_not_said(alices_api: APIClient, catalog: Checkpoint, dataset: DataSet) -> None:
    recipe = ask(alices_api, dataset, preset="thing", prior_prompt="a cat", rank=4).json()["recipe"]
    assert (recipe["parts"], recipe["rank"], recipe["warmup_steps"]) == (["attention", "feed_forward"], 4, 100)
    assert (recipe["learning_rate"], recipe["steps"]) == (5e-4, 100)


def test_steering(alices_api: APIClient, catalog: Checkpoint, dataset: DataSet, alice: User) -> None:
    run = f"{URL}/{ask(alices_api, dataset).json()['code']}"
    assert alices_api.post(f"{run}/pause").json()["state"] == "paused"
    assert alices_api.post(f"{run}/pause").status_code == 409
    assert alices_api.post(f"{run}/resume").json()["state"] == "queued"
    assert alices_api.post(f"{run}/stop").json()["code"] == "nothing-to-keep"
    assert alices_api.post(f"{run}/discard").json()["state"] == "cancelled"
    assert credits_of(alice) == 1000


def test_a_snapshots_file(alices_api: APIClient, catalog: Checkpoint, dataset: DataSet, charlies: Any) -> None:
    run = TrainingRun.objects.get(code=ask(alices_api, dataset).json()["code"])
    name = write(f"runs/{run.code}/1-500.safetensors", b"weights")
    alike = {"closest": 12, "memorised": [[1, "apple.png"]]}
    Snapshot.objects.create(run=run, step=500, file=name, validation_loss=0.5, **alike)
    (snapshot,) = alices_api.get(f"{URL}/{run.code}").json()["snapshots"]
    assert (snapshot["closest"], snapshot["memorised"]) == (12, [{"sample": 1, "picture": "apple.png"}])
    answer = alices_api.get(snapshot["file"])
    assert (answer.content, answer["Cache-Control"]) == (b"weights", "private, no-store")
    assert charlies.get(snapshot["file"]).status_code == 404
    assert alices_api.get(snapshot["file"].replace("500", "499")).status_code == 404


def test_an_ended_one_is_deleted(alices_api: APIClient, catalog: Checkpoint, dataset: DataSet, charlies: Any) -> None:
    run = f"{URL}/{ask(alices_api, dataset).json()['code']}"
    assert alices_api.delete(run).json()["code"] == "not-ended"
    alices_api.post(f"{run}/discard")
    assert charlies.delete(run).status_code == 404
    assert alices_api.delete(run).status_code == 204
    assert alices_api.get(run).status_code == 404


def test_weights_that_were_given_up_have_no_address(
    alices_api: APIClient, catalog: Checkpoint, dataset: DataSet
) -> None:
    run = TrainingRun.objects.get(code=ask(alices_api, dataset).json()["code"])
    Snapshot.objects.create(run=run, step=500, validation_loss=0.5)
    (snapshot,) = alices_api.get(f"{URL}/{run.code}").json()["snapshots"]
    assert (snapshot["file"], snapshot["validation_loss"]) == (None, 0.5)
    assert alices_api.get(f"{URL}/{run.code}/snapshots/500/file").status_code == 404


def test_a_tokens_budget_pays_too(alices_api: APIClient, catalog: Checkpoint, dataset: DataSet, alice: User) -> None:
    alice.auth_token_set.update(budget=0)
    assert ask(alices_api, dataset).json()["code"] == "token-budget"
    alice.auth_token_set.update(budget=1000)
    run = ask(alices_api, dataset).json()
    assert alice.auth_token_set.get().spent == run["credits"]
    alices_api.post(f"{URL}/{run['code']}/discard")
    assert alice.auth_token_set.get().spent == 0


def test_what_was_downloaded_stays_paid_and_the_answer_says_so(
    alices_api: APIClient, catalog: Checkpoint, dataset: DataSet, alice: User
) -> None:
    code = ask(alices_api, dataset).json()["code"]
    run = TrainingRun.objects.get()
    Snapshot.objects.create(run=run, step=50, file=write(f"runs/{code}/1-50.safetensors", b"weights"))
    file = f"{URL}/{code}/snapshots/50/file"
    assert alices_api.get(f"{URL}/{code}").json()["discard_cost"] == 0
    assert alices_api.head(file).status_code == 405
    assert alices_api.get(f"{URL}/{code}").json()["discard_cost"] == 0
    assert alices_api.get(file).content == b"weights"
    half = -(-run.credits // 2)
    assert alices_api.get(URL).json()["results"][0]["discard_cost"] == half
    answer = alices_api.post(f"{URL}/{code}/discard").json()
    assert (answer["state"], answer["discard_cost"], credits_of(alice)) == ("cancelled", half, 1000 - half)
    assert alices_api.get(file).status_code == 404
