"""Every 'no' of the API as application/problem+json (RFC 9457), from whichever layer it was raised.

What no view has answered comes here too, for pages as well: refusals that were not caught, and Django's own errors.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from accounts.refusals import Refusal
from config import dialects
from config.throttling import refused_uncounted
from generation.web.access import asks_for_part, refused

API = ("/api/", *dialects.PREFIXES)
"""Where programs ask: an error is no page there."""
CONTENT_TYPE = "application/problem+json"
SENTENCES = {
    400: "The request could not be read.",
    403: "You may not do this.",
    404: "There is no such thing here, or it is not yours.",
    405: "This address does not take that method.",
    413: "More was sent than this address takes.",
    500: "Something went wrong on our side. It has been logged.",
}


def problem_json(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. A refusal keeps its code and sentence; anything unknown stays an error (500).

    Body: `type`, `title`, `status`, `detail`, `code`, and `errors` [{field, code, detail}] where fields are at fault.
    """
    if isinstance(error, Refusal):
        set_rollback()
        errors = [{"field": error.field, "code": error.code, "detail": error.message}] if error.field else []
        refused_as = problem(error.status, error.code, error.message, errors)
        if seconds := getattr(error, "retry_after", 0):
            refused_as["Retry-After"] = str(seconds)
        return refused_as
    if isinstance(error, exceptions.AuthenticationFailed | exceptions.NotAuthenticated | exceptions.PermissionDenied):
        error = refused_uncounted(context.get("request")) or error
    if isinstance(error, RequestDataTooBig):
        return problem(413, "body-too-large", SENTENCES[413])
    response = exception_handler(error, context)
    if response is None:
        return None
    answer = from_framework(error, response)
    for name, value in response.items():  # what the framework says there: WWW-Authenticate, Retry-After, Allow
        if name != "Content-Type":
            answer[name] = value
    if getattr(getattr(context.get("request"), "accepted_renderer", None), "media_type", "") == "text/html":
        answer.content_type = None  # the API's description in a browser, which has pages for this, such as 429.html
    return answer


def problem(status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None) -> Response:
    return Response(body_of(status, code, detail, errors), status=status, content_type=CONTENT_TYPE)


def body_of(status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """A problem of `status`; `type` is a relative address that names the code."""
    body: dict[str, Any] = {
        "type": f"/api/problems/{code}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
    }
    return {**body, "errors": errors} if errors else body


def from_framework(error: Exception, response: Response) -> Response:
    if isinstance(error, Http404 | exceptions.NotFound):
        return problem(404, "not-found", SENTENCES[404])
    if isinstance(error, PermissionDenied):
        return problem(403, "permission-denied", SENTENCES[403])
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


def to_program(path: str, status: int, code: str, detail: str) -> JsonResponse:
    """An error as the dialect of this address tells it; elsewhere a problem."""
    shape = dialects.shape_of(path)
    if shape is not None:
        return JsonResponse(shape(code, detail), status=status)
    return JsonResponse(body_of(status, code, detail), status=status, content_type=CONTENT_TYPE)


def outside_of_views(status: int, code: str, page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Django's handler of an error: a problem for a program, `page` for a browser."""

    def handler(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.path_info.startswith(API):
            return page(request, *args, **kwargs)
        return to_program(request.path_info, status, code, SENTENCES[status])

    return handler


bad_request = outside_of_views(400, "bad-request", defaults.bad_request)
permission_denied = outside_of_views(403, "permission-denied", defaults.permission_denied)
page_not_found = outside_of_views(404, "not-found", defaults.page_not_found)
server_error = outside_of_views(500, "error", defaults.server_error)


def answer_to(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A refusal that no view shows on a page of its own: a problem, a sentence for a script, or a page of trouble."""
    if request.path_info.startswith(API):
        return to_program(request.path_info, refusal.status, refusal.code, refusal.message)
    if asks_for_part(request):
        return refused(refusal)
    # The page of 400 needs nobody to be signed in: this may stand above the session.
    page = render_to_string("404.html", request=request) if refusal.status == 404 else render_to_string("400.html")
    return HttpResponse(page, status=refusal.status)


class LastRefusal:
    """Middleware: a refusal that a page's view did not expect is answered with its own status, and is no error."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return answer_to(request, error) if isinstance(error, Refusal) else None
