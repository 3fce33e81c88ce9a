"""/api/v1/grids: price, draw, watch, cancel."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import User
from generation.models import Checkpoint, Job, LabGrid

BODY = {
    "prompt": "a red apple", "steps": 4, "seed": 7,
    "axes": [
        {"field": "steps", "values": ["2-6 (+2)"]}, {"field": "prompt", "target": "red", "values": ["red", "a, b"]},
    ],
}  # fmt: skip


def test_it_is_priced_drawn_and_cancelled(alices_api: Any, alice: User, catalog: Checkpoint, charlies: Client) -> None:
    priced = alices_api.post("/api/v1/grids?dry_run=1", BODY, format="json").json()
    assert priced["credits"] == 6 and not Job.objects.exists()
    made = alices_api.post("/api/v1/grids", BODY, format="json", headers={"Idempotency-Key": "k"})
    again = alices_api.post("/api/v1/grids", BODY, format="json", headers={"Idempotency-Key": "k"})
    assert made.status_code == 202 and made.json() == again.json() and LabGrid.objects.count() == 1
    assert len(made.json()["jobs"]) == 6 and made.json()["title"] == "Steps × Words"
    assert Job.objects.filter(prompt="a a, b apple").count() == 3
    assert charlies.get(made["Location"]).status_code == 404
    assert alices_api.post(f"{made['Location']}/cancel").status_code == 200
    assert set(Job.objects.values_list("state", flat=True)) == {"cancelled"}


def test_a_mixture(alices_api: Any, alice: User, catalog: Checkpoint) -> None:
    body = {"prompt": "an apple", "mix": {"loras": ["fluent-3d", "line-art"], "points": 3}}
    assert len(alices_api.post("/api/v1/grids", body, format="json").json()["jobs"]) == 3


def test_what_is_wrong_is_said(alices_api: Any, alice: User, catalog: Checkpoint) -> None:
    changes: list[dict[str, Any]] = [
        {"axes": []},
        {"axes": [{"field": "steps", "values": ["many"]}]},
        {"mix": {"loras": ["a", "a"]}},
    ]
    for change in changes:
        refused = alices_api.post("/api/v1/grids", {**BODY, **change}, format="json")
        assert refused.status_code == 422 and refused.json()["detail"], change
