"""The fields of bodies: each value is of the kind that the description says, and nothing is taken for another kind."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from generation.models import Checkpoint, DataSet, Job
from tests.generation.conftest import Draw

HUGE = 10**400
"""No float is so large."""


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("jobs", {"prompt": 7}, "prompt"),
        ("jobs", {"prompt": "x", "negative_prompt": True}, "negative_prompt"),
        ("jobs", {"prompt": "x", "steps": "7"}, "steps"),
        ("jobs", {"prompt": "x", "steps": True}, "steps"),
        ("jobs", {"prompt": "x", "steps": 7.5}, "steps"),
        ("jobs", {"prompt": "x", "cfg_scale": "7"}, "cfg_scale"),
        ("jobs", {"prompt": "x", "cfg_scale": True}, "cfg_scale"),
        ("jobs", {"prompt": "x", "seed": "7"}, "seed"),
        ("jobs", {"prompt": "x", "count": [1]}, "count"),
        ("jobs", {"prompt": "x", "made_from": " "}, "made_from"),
        ("jobs", {"prompt": "x", "loras": [{"name": 7}]}, "loras.0.name"),
        ("jobs", {"prompt": "x", "loras": [{"name": "line-art", "weight": "1"}]}, "loras.0.weight"),
        ("jobs", {"prompt": "x", "loras": {"name": "line-art"}}, "loras"),
        ("datasets", {"title": 7, "consent": True}, "title"),
        ("datasets", {"title": "x", "consent": "yes"}, "consent"),
        ("datasets", {"title": "x", "consent": 1}, "consent"),
        ("datasets", {"title": " " * 81, "consent": True}, "title"),
        ("datasets", {"title": "x" + " " * 80, "consent": True}, "title"),
        ("links", {"image": "x", "days": "7"}, "days"),
        ("links", {"image": "x", "with_recipe": 1}, "with_recipe"),
        ("wildcards", {"name": 7, "lines": "red"}, "name"),
    ],
)
def test_another_kind_is_refused(
    alices_api: APIClient, catalog: Checkpoint, path: str, body: dict[str, Any], field: str
) -> None:
    answer = alices_api.post(f"/api/v1/{path}", body, format="json")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "invalid"), problem
    assert [error["field"] for error in problem["errors"]] == [field]
    assert not Job.objects.exists() and not DataSet.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"), [({"starred": 1}, "starred"), ({"starred": "true"}, "starred"), ({}, "starred")]
)
def test_a_star_is_a_yes_or_a_no(
    alices_api: APIClient, alice: User, draw: Draw, body: dict[str, Any], field: str
) -> None:
    answer = alices_api.patch(f"/api/v1/images/{draw(alice).code}", body, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize("field", ["steps", "width", "seed", "count", "clip_skip", "cfg_scale"])
@pytest.mark.parametrize("value", [HUGE, -HUGE])
def test_numbers_without_end(alices_api: APIClient, catalog: Checkpoint, field: str, value: int) -> None:
    answer = alices_api.post("/api/v1/jobs", {"prompt": "a red apple", field: value}, format="json")
    assert answer.status_code in (400, 422) and answer.json()["errors"][0]["field"] == field


def test_seven_is_seven(alices_api: APIClient, catalog: Checkpoint) -> None:
    body = {"prompt": "a red apple", "steps": 7.0, "cfg_scale": 3}
    recipe = alices_api.post("/api/v1/jobs", body, format="json").json()["jobs"][0]["recipe"]
    assert (recipe["steps"], recipe["cfg_scale"]) == (7, 3.0)


def test_an_empty_text_stands_for_none(alices_api: APIClient, catalog: Checkpoint) -> None:
    body = {"prompt": "a red apple", "sampler": "", "schedule": "", "emphasis": "", "checkpoint": "", "vae": ""}
    recipe = alices_api.post("/api/v1/jobs", body, format="json").json()["jobs"][0]["recipe"]
    assert (recipe["sampler"], recipe["checkpoint"]) == (catalog.default_sampler, catalog.name)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("since=20261129", "bad-day"),
        ("since=2026-W48-7", "bad-day"),
        ("since=", "bad-day"),
        ("until=0999-12-31", "bad-day"),
        ("until=2026-02-30", "bad-day"),
        ("starred=perhaps", "bad-flag"),
        ("size=512", "bad-size"),
        ("q=" + "x" * 201, "too-long"),
    ],
)
def test_filters_that_are_none(alices_api: APIClient, query: str, code: str) -> None:
    answer = alices_api.get(f"/api/v1/images?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize("accept", ["image/png", "image/*", "text/event-stream", "text/html", "nonsense"])
def test_what_a_client_accepts_is_its_own_matter(alices_api: APIClient, alice: User, draw: Draw, accept: str) -> None:
    image = draw(alice)
    headers = {"Accept": accept}
    file = alices_api.get(f"/api/v1/images/{image.code}/file/png", headers=headers)
    assert (file.status_code, file["Content-Type"]) == (200, "image/png")
    me = alices_api.get("/api/v1/me?format=xml", headers=headers)
    assert (me.status_code, me["Content-Type"]) == (200, "application/json")
    nobody = alices_api.get("/api/v1/images/nothing/file/png", headers=headers)
    assert (nobody.status_code, nobody["Content-Type"]) == (404, "application/problem+json")


def test_a_body_that_is_too_large(alices_api: APIClient, catalog: Checkpoint) -> None:
    """Where a server has let it through: ours refuses it before it is read."""
    answer = alices_api.post("/api/v1/jobs", {"prompt": "x" * 2**20}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
