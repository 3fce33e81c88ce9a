"""What breaks a client is told from what does not; and the description that is checked in is that of the code."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.architecture.schema_changes import KEPT, Change, changes, kept, present

OLD: dict[str, Any] = {
    "paths": {
        "/jobs": {
            "post": {
                "x-scope": "generate",
                "security": [{"bearer": []}, {}],
                "parameters": [{"in": "query", "name": "dry_run", "schema": {"type": "boolean"}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Recipe"}}}},
                "responses": {
                    "202": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}}}
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Recipe": {
                "type": "object",
                "required": ["prompt"],
                "properties": {
                    "prompt": {"type": "string", "maxLength": 2000},
                    "steps": {"type": "integer", "minimum": 1, "maximum": 60, "nullable": True},
                    "sampler": {"type": "string", "enum": ["Euler", "Heun"]},
                },
            },
            "Job": {
                "type": "object",
                "required": ["code"],
                "properties": {
                    "code": {"type": "string"},
                    "state": {"allOf": [{"$ref": "#/components/schemas/State"}]},
                    "parent": {"$ref": "#/components/schemas/Job"},
                },
            },
            "State": {"type": "string", "enum": ["queued", "done"]},
        }
    },
}


def changed(place: str, value: Any) -> list[Change]:
    """What is found when one value is another one, or with None is gone. `place` has dots between its steps."""
    new = copy.deepcopy(OLD)
    *steps, last = place.split("|")
    inner: Any = new
    for step in steps:
        inner = inner[int(step) if step.isdigit() and isinstance(inner, list) else step]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return changes(OLD, new)


POST = "paths|/jobs|post|"
RECIPE = "components|schemas|Recipe|"
JOB = "components|schemas|Job|"


@pytest.mark.parametrize(
    ("place", "value", "where"),
    [
        ("paths|/jobs", None, "POST /jobs"),
        (POST + "security", [{"bearer": []}], "POST /jobs"),
        (POST + "x-scope", "train", "POST /jobs"),
        (POST + "parameters", [], "POST /jobs, query dry_run"),
        (POST + "responses", {"200": {}}, "POST /jobs, 202"),
        (RECIPE + "required", ["prompt", "steps"], "POST /jobs, body.steps"),
        (RECIPE + "properties|steps", None, "POST /jobs, body.steps"),
        (RECIPE + "properties|steps|maximum", 50, "POST /jobs, body.steps"),
        (RECIPE + "properties|steps|minimum", 2, "POST /jobs, body.steps"),
        (RECIPE + "properties|steps|nullable", None, "POST /jobs, body.steps"),
        (RECIPE + "properties|prompt|maxLength", 1999, "POST /jobs, body.prompt"),
        (RECIPE + "properties|prompt|type", "array", "POST /jobs, body.prompt"),
        (RECIPE + "properties|sampler|enum", ["Euler"], "POST /jobs, body.sampler"),
        (JOB + "properties|code", None, "POST /jobs, 202.code"),
        (JOB + "required", [], "POST /jobs, 202.code"),
        (JOB + "properties|code|type", "integer", "POST /jobs, 202.code"),
        (JOB + "properties|code|nullable", True, "POST /jobs, 202.code"),
    ],
)
def test_what_breaks_a_client(place: str, value: Any, where: str) -> None:
    assert where in {change.where for change in changed(place, value) if change.breaks}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("paths|/albums", {"get": {"responses": {}}}),
        (RECIPE + "properties|seed", {"type": "integer"}),
        (RECIPE + "required", []),
        (RECIPE + "properties|steps|maximum", 100),
        (RECIPE + "properties|steps|maximum", None),
        (RECIPE + "properties|sampler|enum", ["Euler", "Heun", "LMS"]),
        (JOB + "properties|seed", {"type": "integer"}),
        (JOB + "required", ["code", "state"]),
        ("components|schemas|State|enum", ["queued", "done", "failed"]),
        (POST + "parameters|0|schema", {"type": "boolean", "default": False}),
    ],
)
def test_what_breaks_none(place: str, value: Any) -> None:
    found = changed(place, value)
    assert not any(change.breaks for change in found), found


def test_the_same_has_not_changed() -> None:
    assert changes(OLD, copy.deepcopy(OLD)) == []


def test_the_description_that_is_checked_in_is_that_of_the_code(db: None) -> None:
    """After a change that is meant: `python -m tests.architecture.schema_changes --write`."""
    now, before = present(), kept()
    told = "\n".join(map(str, changes(before, now)))
    assert now == before, f"{KEPT.name} is not the API's description any more:\n{told}"
