"""A bad value has the same status, code and sentence on the page, by the API, in the inspector and in the lab."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from generation.models import Checkpoint, Job
from generation.recipes.fields import FIELDS
from generation.web.create.forms import RecipeForm, fields_of
from tests.generation.recipes.test_fields import another_value
from tests.generation.web.conftest import PART

LAB = {"mode": "mix", "mix": ["fluent-3d", "line-art"], "points": "3", "size": "own"}
INSPECTED = {"prompt", "negative_prompt", "checkpoint", "steps", "sampler", "seed"}

BAD = [
    ("prompt", "", 422, "empty-prompt"),
    ("prompt", "   ", 422, "empty-prompt"),
    ("prompt", "x" * 2_001, 422, "prompt-too-long"),
    ("negative_prompt", "x" * 2_001, 422, "prompt-too-long"),
    ("width", 8, 422, "bad-width"),
    ("width", 100, 422, "bad-size"),
    ("height", 9_999, 422, "bad-height"),
    ("height", "tall", 400, "invalid"),
    ("steps", 0, 422, "bad-steps"),
    ("steps", 61, 422, "bad-steps"),
    ("steps", "many", 400, "invalid"),
    ("cfg_scale", 0.5, 422, "bad-cfg-scale"),
    ("cfg_scale", "strong", 400, "invalid"),
    ("sampler", "x" * 101, 422, "bad-sampler"),
    ("seed", -2, 422, "bad-seed"),
    ("seed", 2**32, 422, "bad-seed"),
    ("seed", "seven", 400, "invalid"),
    ("clip_skip", 13, 422, "bad-clip-skip"),
    ("emphasis", "loud", 422, "bad-emphasis"),
    ("checkpoint", "dreams", 400, "unknown-checkpoint"),
]


@pytest.fixture(params=BAD, ids=[f"{field}-{code}-{n}" for n, (field, _, _, code) in enumerate(BAD)])
def bad(request: pytest.FixtureRequest) -> tuple[str, Any, int, str]:
    case: tuple[str, Any, int, str] = request.param
    return case


def test_page_api_lab_and_inspector_say_the_same(
    alices: Client, alices_api: APIClient, catalog: Checkpoint, bad: tuple[str, Any, int, str]
) -> None:
    field, value, status, code = bad
    body = {"prompt": "a red apple", field: value}
    typed = {name: str(value) for name, value in body.items()}
    api = alices_api.post("/api/v1/jobs", body, format="json")
    page = alices.post("/create/", {"size": "own", **typed}, headers=PART)
    lab = alices.post("/studio/lab/quote/", {**LAB, **typed})
    (error,) = page.json()["errors"]
    told = [
        (api.status_code, api.json()["errors"][0]["code"], api.json()["detail"]),
        (page.status_code, error["code"], error["detail"]),
        (lab.status_code, lab.json()["code"], lab.json()["detail"]),
    ]
    if field in INSPECTED and value and str(value).strip():
        inspector = alices_api.post("/api/v1/prompts/inspect", body, format="json")
        told.append((inspector.status_code, inspector.json()["errors"][0]["code"], inspector.json()["detail"]))
    assert told == [(status, code, error["detail"])] * len(told)
    assert not Job.objects.exists()


def test_texts_are_trimmed_alike(alices: Client, alices_api: APIClient, catalog: Checkpoint) -> None:
    fields = {"prompt": " a cat\r\nand a dog ", "negative_prompt": " no\r\nworms ", "sampler": " Euler ", "seed": "7"}
    alices.post("/create/", {**fields, "count": "1"})
    alices_api.post("/api/v1/jobs", {**fields, "seed": 7}, format="json")
    by_page, by_api = [job.recipe for job in Job.objects.order_by("pk")]
    assert by_page == by_api
    assert (by_page.prompt, by_page.negative_prompt) == (" a cat\nand a dog ", " no\nworms ")


@pytest.mark.parametrize("name", sorted(set(FIELDS) - {"checkpoint", "vae"}))
def test_a_value_survives_the_form_and_the_api(name: str, alices_api: APIClient, catalog: Checkpoint) -> None:
    value = another_value(FIELDS[name])
    changes = {"schedule": "Automatic", name: value}
    answer = alices_api.post("/api/v1/jobs", {"prompt": "a cat", **changes}, format="json")
    assert answer.status_code == 202, answer.json()
    assert answer.json()["jobs"][0]["recipe"][name] == value
    form = RecipeForm(fields_of(Job.objects.get().recipe))
    assert form.is_valid(), form.errors
    assert form.cleaned_data[name] == value


@pytest.mark.parametrize("field", ["prompt", "negative_prompt", "checkpoint", "sampler"])
def test_nul_is_refused_alike(alices: Client, alices_api: APIClient, catalog: Checkpoint, field: str) -> None:
    """Before any field is looked at, so that no field can forget it."""
    body = {"prompt": "a red apple", field: "a\0b"}
    answers: list[Any] = [
        alices_api.post("/api/v1/jobs", body, format="json"),
        alices_api.post("/api/v1/prompts/inspect", body, format="json"),
        alices.post("/create/", {"size": "own", **body}, headers=PART),
        alices.post("/studio/lab/quote/", {**LAB, **body}, headers=PART),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(400, "nul-character")}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert not Job.objects.exists()
