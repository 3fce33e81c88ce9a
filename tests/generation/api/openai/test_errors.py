"""Every no under /v1/ has OpenAI's shape: from views, and where no view has answered."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from redis import RedisError
from rest_framework.test import APIClient

from accounts.models import Plan, User, Wallet
from accounts.refusals import NotEnoughCredits, QuotaExceeded, Refusal
from config.throttling import Anonymous
from generation.api.openai.errors import error_of, in_openais_words
from generation.api.outcomes import NotDrawn, StillDrawn
from generation.models import Checkpoint, Job
from generation.recipes.checks import InvalidRecipe

URL = "/v1/images/generations"


def said(refusal: Refusal) -> tuple[int, dict[str, Any], str]:
    problem = {"status": refusal.status, "code": refusal.code, "detail": refusal.message}
    errors = [{"field": refusal.field}] if refusal.field else []
    status, body, headers = in_openais_words({**problem, "errors": errors})
    return status, body["error"], headers["x-should-retry"]


@pytest.mark.parametrize(
    ("refusal", "status", "type", "code", "param", "again"),
    [
        (Refusal("unknown-checkpoint", "No.", field="checkpoint"),
         404, "invalid_request_error", "model_not_found", "model", "false"),
        (InvalidRecipe("steps", "No."), 400, "invalid_request_error", "bad-steps", "num_inference_steps", "false"),
        (Refusal("prompt-rule", "No.", field="prompt"),
         400, "invalid_request_error", "moderation_blocked", "prompt", "false"),
        (NotEnoughCredits("no-credits", "No."), 429, "insufficient_quota", "insufficient_quota", None, "false"),
        (QuotaExceeded("queue-full", "No."), 429, "rate_limit_error", "queue-full", None, "false"),
        (QuotaExceeded("throttled", "No."), 429, "rate_limit_error", "rate_limit_exceeded", None, "true"),
        (StillDrawn("still-drawn", "Wait."), 504, "server_error", "still-drawn", None, "true"),
        (NotDrawn("internal-error", "Sorry."), 500, "server_error", "internal-error", None, "true"),
    ],
)  # fmt: skip
def test_words(refusal: Refusal, status: int, type: str, code: str, param: str | None, again: str) -> None:
    told, error, retry = said(refusal)
    assert (told, error["type"], error["code"], error["param"], retry) == (status, type, code, param, again)
    assert error["message"] == refusal.message
    assert error_of(refusal)["error"]["code"] == code


@pytest.fixture
def client_of_alice(alices_api: APIClient, catalog: Checkpoint, aliases: None) -> APIClient:
    return alices_api


def ask(client: APIClient, **fields: Any) -> Any:
    return client.post(URL, {"prompt": "a red apple", "size": "128x128", **fields}, format="json")


def check(answer: Any, status: int, code: str, param: str | None = None) -> None:
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param)
    assert set(error) == {"message", "type", "param", "code"} and error["message"]
    assert answer["Content-Type"] == "application/json"


def test_without_a_token(client: Client, db: None) -> None:
    for answer in (client.get("/v1/models"), client.post(URL), client.post("/v1/images/edits")):
        check(answer, 401, "invalid_api_key")
        assert answer["WWW-Authenticate"] == "Bearer" and answer["x-should-retry"] == "false"


def test_a_session_opens_nothing(alices: Client) -> None:
    check(alices.get("/v1/models"), 401, "invalid_api_key")


def test_a_wrong_token_is_counted(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Anonymous, "THROTTLE_RATES", {"anon": "2/min", "user": "2/min"})
    guest = APIClient(headers={"Authorization": "Bearer tmp_made_up"})
    answers = [guest.get("/v1/models") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    check(answers[2], 429, "rate_limit_exceeded")
    assert answers[2]["x-should-retry"] == "true" and int(answers[2]["Retry-After"]) >= 1


def test_fields_and_plan(client_of_alice: APIClient, alice: User) -> None:
    check(ask(client_of_alice, prompt=" "), 400, "empty-prompt", "prompt")
    check(ask(client_of_alice, prompt="x" * 2001), 400, "prompt-too-long", "prompt")
    check(ask(client_of_alice, model="dreams"), 404, "model_not_found", "model")
    check(ask(client_of_alice, num_inference_steps=0), 400, "bad-steps", "num_inference_steps")
    check(ask(client_of_alice, guidance_scale=99), 400, "bad-cfg-scale", "guidance_scale")
    check(ask(client_of_alice, prompt="a cat <lora:ghost:1>"), 400, "unknown-lora", "prompt")
    check(ask(client_of_alice, frames=3), 400, "unknown_parameter", "frames")
    check(ask(client_of_alice, n=1000), 400, "invalid-value", "n")
    Plan.objects.update(max_pictures=2, max_steps=10)
    check(ask(client_of_alice, n=3), 400, "too-many-pictures", "n")
    check(ask(client_of_alice, num_inference_steps=11), 400, "too-many-steps", "num_inference_steps")
    assert not Job.objects.exists()


def test_without_credits(client_of_alice: APIClient, alice: User) -> None:
    Plan.objects.update(daily_credits=0)
    Wallet.objects.filter(user=alice).update(balance=0)
    answer = ask(client_of_alice)
    check(answer, 429, "insufficient_quota")
    assert answer["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"prompt": "a\\u0000b"}', "application/json", 400),
        (b"prompt=a", "application/x-www-form-urlencoded", 415),
        (b"<prompt/>", "text/xml", 415),
    ],
)
def test_bodies_that_cannot_be_read(client_of_alice: APIClient, content: bytes, kind: str, status: int) -> None:
    answer = client_of_alice.post(URL, content, content_type=kind)
    assert (answer.status_code, set(answer.json())) == (status, {"error"})


def test_where_no_view_answers(client_of_alice: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    check(client_of_alice.get("/v1/chat/completions"), 404, "not-found")
    check(client_of_alice.put(URL), 405, "method-not-allowed")
    check(client_of_alice.get("/v1/models", {"q": "a\0b"}), 400, "nul-character")

    def away(*args: object) -> None:
        raise RedisError("away")

    monkeypatch.setattr("generation.api.openai.views.listed_models", away)
    answer = client_of_alice.get("/v1/models")
    check(answer, 503, "part-away")
    assert answer["Retry-After"] == "30"


def test_what_is_answered_is_nobody_elses_to_keep(client_of_alice: APIClient) -> None:
    answer = client_of_alice.get("/v1/models")
    assert "no-store" in answer["Cache-Control"] and "Authorization" in answer["Vary"]


def test_any_accept_header_is_answered(client_of_alice: APIClient) -> None:
    for accept in ("text/event-stream", "image/*", "application/json"):
        assert client_of_alice.get("/v1/models", headers={"Accept": accept}).status_code == 200
