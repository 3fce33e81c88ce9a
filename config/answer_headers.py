"""What answers carry beside their bodies: `X-Request-Id`, and of the API `RateLimit-*` and `ETag`."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.http import ConditionalGetMiddleware

from config.throttling import headers_of

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
API = "/api/v1/"


class AnswerHeaders:
    """Middleware, above all that answers and below what compresses.

    The id is the caller's, so that they find a request of theirs in the log again, or else a new one. It is the one
    that the log has.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.conditional = ConditionalGetMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        told = str(request.META.get("HTTP_X_REQUEST_ID", ""))
        request_id = told if REQUEST_ID.fullmatch(told) else uuid.uuid4().hex
        request.META["HTTP_X_REQUEST_ID"] = request_id
        request.__dict__.pop("headers", None)  # which were read from META as it was
        response = self.get_response(request)
        if request.path_info.startswith(API) and isinstance(response, HttpResponse):
            response = self.comparable(request, response)
        for name, value in headers_of(request.META).items():
            response[name] = value
        response["X-Request-Id"] = request_id
        return response

    def comparable(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """With an `ETag`, or 304 for who has it already: what no cache keeps, a program may have kept by itself."""
        return self.conditional.process_response(request, response)  # type: ignore[return-value]
