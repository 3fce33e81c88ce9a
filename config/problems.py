"""Every 'no' of the API as application/problem+json (RFC 9457), from whichever layer it was raised."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from accounts.refusals import Refusal

CONTENT_TYPE = "application/problem+json"
SENTENCES = {
    404: "There is no such thing here, or it is not yours.",
    405: "This address does not take that method.",
}


def problem_json(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. A refusal keeps its code and sentence; anything unknown stays an error (500).

    Body: `type`, `title`, `status`, `detail`, `code`, and `errors` [{field, code, detail}] where fields are at fault.
    """
    if isinstance(error, Refusal):
        set_rollback()
        errors = [{"field": error.field, "code": error.code, "detail": error.message}] if error.field else []
        return problem(error.status, error.code, error.message, errors)
    response = exception_handler(error, context)
    if response is None:
        return None
    answer = from_framework(error, response)
    for name, value in response.items():  # what the framework says there: WWW-Authenticate, Retry-After, Allow
        if name != "Content-Type":
            answer[name] = value
    return answer


def problem_body(status: int, code: str, detail: str) -> dict[str, Any]:
    """`type` is a relative address that names the code."""
    return {
        "type": f"/api/problems/{code}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
    }


def is_of_a_program(path: str, requested_with: str | None) -> bool:
    """Whether a request comes from a client of the API or a script of ours, which could not show a page."""
    return path.startswith("/api/") or requested_with == "fetch"


def problem(status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None) -> Response:
    body = problem_body(status, code, detail)
    if errors:
        body["errors"] = errors
    return Response(body, status=status, content_type=CONTENT_TYPE)


def from_framework(error: Exception, response: Response) -> Response:
    if isinstance(error, Http404 | exceptions.NotFound):
        return problem(404, "not-found", SENTENCES[404])
    if isinstance(error, PermissionDenied):
        return problem(403, "permission-denied", "You may not do this.")
    if isinstance(error, exceptions.ValidationError):
        errors = list(flatten(error.get_full_details()))
        detail = errors[0]["detail"] if errors else "The request is not valid."
        return problem(response.status_code, "invalid", detail, errors)
    detail = error.detail if isinstance(error, exceptions.APIException) else response.data
    code = str(getattr(detail, "code", "error")).replace("_", "-")
    return problem(response.status_code, code, SENTENCES.get(response.status_code, str(detail)))


def flatten(details: Any, field: str = "") -> Any:
    """DRF's nested {field: [{message, code}]} as flat rows; a nested field is dotted."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {"field": field, "code": str(details["code"]).replace("_", "-"), "detail": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            path = "" if name == "non_field_errors" else str(name)
            yield from flatten(inner, ".".join(part for part in (field, path) if part))
    else:
        for inner in details:
            yield from flatten(inner, field)
