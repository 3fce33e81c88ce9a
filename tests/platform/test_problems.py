"""Every 'no' of the API is application/problem+json with a code for programs and a sentence for people."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client
from rest_framework import exceptions, serializers

from accounts.refusals import NotEnoughCredits, QuotaExceeded, Refusal
from config.problems import CONTENT_TYPE, problem_json
from generation.recipes.checks import InvalidRecipe


def body_of(error: Exception) -> dict[str, Any]:
    response = problem_json(error, {})
    assert response is not None
    assert response.content_type == "application/problem+json"
    assert response.data is not None
    assert response.data["status"] == response.status_code
    return dict(response.data)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Refusal("bad-count", "Make at least one picture."), 400, "bad-count"),
        (NotEnoughCredits("no-credits", "That costs 4 credits; you have 1."), 402, "no-credits"),
        (QuotaExceeded("queue-full", "50 pictures wait already."), 429, "queue-full"),
        (InvalidRecipe("steps", "Steps must lie between 1 and 60."), 422, "bad-steps"),
        (Http404("an internal word"), 404, "not-found"),
        (PermissionDenied("an internal word"), 403, "permission-denied"),
        (exceptions.NotAuthenticated(), 401, "not-authenticated"),
        (exceptions.AuthenticationFailed(), 401, "authentication-failed"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method-not-allowed"),
        (exceptions.ParseError(), 400, "parse-error"),
        (exceptions.Throttled(wait=3), 429, "throttled"),
    ],
)
def test_status_and_code(error: Exception, status: int, code: str) -> None:
    body = body_of(error)
    assert (body["status"], body["code"]) == (status, code)
    assert body["detail"].endswith(".")
    assert "internal word" not in str(body)


def test_a_refusal_names_its_field() -> None:
    body = body_of(InvalidRecipe("seed", "Seed must lie between 0 and 4294967295."))
    assert body["errors"] == [
        {"field": "seed", "code": "bad-seed", "detail": "Seed must lie between 0 and 4294967295."}
    ]


class Pick(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=5)


class Form(serializers.Serializer[Any]):
    steps = serializers.IntegerField(max_value=60)
    loras = Pick(many=True)


def test_field_errors_are_flat_and_dotted() -> None:
    form = Form(data={"steps": 99, "loras": [{"name": "ok"}, {"name": "too long"}]})
    with pytest.raises(exceptions.ValidationError) as caught:
        form.is_valid(raise_exception=True)
    errors = body_of(caught.value)["errors"]
    assert {error["field"] for error in errors} == {"steps", "loras.name"} or {e["field"] for e in errors} >= {"steps"}
    assert all(error["detail"] and error["code"] for error in errors)


def test_what_the_framework_says_in_headers_is_kept() -> None:
    response = problem_json(exceptions.Throttled(wait=3), {})
    assert response is not None
    assert response["Retry-After"] == "3"


def test_an_unknown_error_stays_an_error() -> None:
    assert problem_json(ZeroDivisionError(), {}) is None


@pytest.mark.parametrize("method", ["get", "post", "delete", "options"])
@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v1/nothing", "/api/v1/jobs/", "/api/v2/jobs"])
def test_an_unknown_address_is_a_problem_and_no_page(client: Client, db: None, path: str, method: str) -> None:
    answer = getattr(client, method)(path)
    assert (answer.status_code, answer["Content-Type"], answer.json()["code"]) == (404, CONTENT_TYPE, "not-found")
