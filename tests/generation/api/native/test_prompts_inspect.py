"""POST /api/v1/prompts/inspect: a prompt explained to a program, and nothing made."""

from __future__ import annotations

from rest_framework.test import APIClient

from accounts.models import User
from generation.models import Checkpoint, Job, Lora

URL = "/api/v1/prompts/inspect"


def test_it_works(alices_api: APIClient, catalog: Checkpoint) -> None:
    answer = alices_api.post(URL, {"prompt": "a [red:blue:0.5] apple <lora:lineart:1>", "steps": 10})
    assert answer.status_code == 200
    found = answer.json()
    assert found["steps"] == 10 and found["chunk_tokens"] == 30
    (problem,) = found["prompt"]["problems"]
    assert (problem["code"], problem["severity"], problem["suggestions"]) == ("unknown-lora", "error", ["line-art"])
    assert (problem["start"], problem["end"]) == (23, 39)
    assert [segment["text"] for segment in found["prompt"]["prompts"][0]["segments"]] == [
        "a red apple ",
        "a blue apple ",
    ]
    assert found["prompt"]["tokens"] == 3
    assert not Job.objects.exists()


def test_steps_and_sampler_are_the_checkpoints_unless_said(alices_api: APIClient, catalog: Checkpoint) -> None:
    assert alices_api.post(URL, {"prompt": "a"}).json()["steps"] == catalog.default_steps
    assert alices_api.post(URL, {"prompt": "a", "sampler": "Heun", "steps": 5}).json()["prompt"]["steps"] == 10


def test_what_is_asked_wrongly_is_refused(alices_api: APIClient, catalog: Checkpoint) -> None:
    assert alices_api.post(URL, {"prompt": "x" * 2_001}).status_code == 422
    assert alices_api.post(URL, {"prompt": "x", "steps": 61}).status_code == 422
    assert alices_api.post(URL, {}).status_code == 400
    assert alices_api.post(URL, {"prompt": "x", "checkpoint": "dreams"}).json()["code"] == "unknown-checkpoint"


def test_somebody_elses_lora_is_unknown(alices_api: APIClient, charlie: User, catalog: Checkpoint) -> None:
    Lora.objects.filter(name="line-art").update(is_public=False, owner=charlie)
    found = alices_api.post(URL, {"prompt": "a <lora:line-art:1>"}).json()["prompt"]
    assert found["mentions"][0]["status"] == "unknown"
    assert found["mentions"][0]["suggestions"] == []


def test_no_text_breaks_it(alices_api: APIClient, catalog: Checkpoint) -> None:
    for text in ("", "(a:1e999)", "(" * 2_000, "[a|b" * 400, "{" * 1_000, "a AND " * 300, "😀\u202e\x01"):
        assert alices_api.post(URL, {"prompt": text, "negative_prompt": text}).status_code in {200, 400}, text[:20]
