"""Many recipes of one request: all are queued, or none; and what a dry run says of them."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import ApiToken, Plan, User
from generation.models import Checkpoint, Job
from tests.conftest import credits_of

URL = "/api/v1/jobs/batch"
APPLES = [{"prompt": "a red apple"}, {"prompt": "a green apple", "count": 2}]


def ask(client: APIClient, recipes: Any, query: str = "", **headers: str) -> Any:
    return client.post(URL + query, {"recipes": recipes}, format="json", headers=headers)


def test_each_recipe_is_a_submission(alices_api: APIClient, alice: User, catalog: Checkpoint) -> None:
    answer = ask(alices_api, APPLES)
    assert answer.status_code == 202, answer.json()
    submissions = answer.json()["submissions"]
    assert [len(each["jobs"]) for each in submissions] == [1, 2]
    assert len({each["submission"] for each in submissions}) == 2
    assert [job["recipe"]["prompt"] for job in submissions[1]["jobs"]] == ["a green apple"] * 2
    assert answer.json()["credits"] == 1000 - credits_of(alice) == sum(each["credits"] for each in submissions)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"prompt": " "}, "recipes.1.prompt"),
        ({"prompt": "x", "steps": 1e9}, "recipes.1.steps"),
        ({"prompt": "x", "checkpoint": "none"}, "recipes.1.checkpoint"),
        ({"prompt": "x", "count": 1000}, "recipes.1.count"),
        ({"prompt": "<lora:none:1>"}, "recipes.1.prompt"),
    ],
)
def test_one_that_is_refused_refuses_all_and_says_which(
    alices_api: APIClient, alice: User, catalog: Checkpoint, wrong: dict[str, Any], field: str
) -> None:
    answer = ask(alices_api, [APPLES[0], wrong])
    assert 400 <= answer.status_code < 500
    assert answer.json()["errors"][0]["field"] == field
    assert not Job.objects.exists() and credits_of(alice) == 1000


def test_the_queue_holds_all_of_them_or_none(alices_api: APIClient, alice: User, catalog: Checkpoint) -> None:
    Plan.objects.update(max_queued=4)
    answer = ask(alices_api, [*APPLES, *APPLES])
    assert (answer.status_code, answer.json()["code"]) == (429, "queue-full")
    assert int(answer["Retry-After"]) > 0
    assert not Job.objects.exists() and credits_of(alice) == 1000


@pytest.mark.parametrize("recipes", [[], [APPLES[0]] * 17, {}, "x", None, [None], [[]]])
def test_what_is_no_list_of_recipes(alices_api: APIClient, catalog: Checkpoint, recipes: Any) -> None:
    assert (ask(alices_api, recipes).status_code, Job.objects.count()) == (400, 0)


def test_a_dry_run_prices_all(alices_api: APIClient, alice: User, catalog: Checkpoint) -> None:
    price = ask(alices_api, APPLES, "?dry_run=1").json()
    assert not Job.objects.exists() and price["balance"] == 1000
    assert ask(alices_api, APPLES).json()["credits"] == price["credits"]


def test_sent_again_it_makes_nothing_more(alices_api: APIClient, catalog: Checkpoint) -> None:
    first, again = (ask(alices_api, APPLES, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json() == again.json() and Job.objects.count() == 3


@pytest.mark.parametrize("query", ["", "?dry_run=1"])
def test_a_token_draws_with_what_it_may_use_alone(alice: User, catalog: Checkpoint, query: str) -> None:
    _, key = ApiToken.objects.create(user=alice, name="narrow", allowed_loras=["line-art"])
    client = APIClient(headers={"Authorization": f"Bearer {key}"})
    assert ask(client, [{"prompt": "x <lora:line-art:1>"}], query).status_code in (200, 202)
    for other in ({"prompt": "x <lora:fluent-3d:1>"}, {"prompt": "x", "hires": {"prompt": "x <lora:fluent-3d:1>"}}):
        refused = ask(client, [other], query)
        assert (refused.status_code, refused.json()["code"]) == (403, "lora-not-allowed")


def test_jobs_are_listed_by_state_and_submission(alices_api: APIClient, catalog: Checkpoint) -> None:
    submission = ask(alices_api, APPLES).json()["submissions"][1]["submission"]

    def listed(**asked: str) -> int:
        return len(alices_api.get("/api/v1/jobs", asked).json()["results"])

    assert (listed(), listed(submission=submission), listed(state="queued"), listed(state="done")) == (3, 2, 3, 0)
    assert alices_api.get("/api/v1/jobs", {"state": "sleeping"}).json()["code"] == "bad-state"
