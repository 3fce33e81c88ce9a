"""Counts requests by route, the pattern of their address and never the address itself, and how long they took."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from generation.messages.counters import counters

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
NOWHERE = "none"
"""The route of an address that leads nowhere, or of what was answered before it was looked up."""


class Counted:
    """Middleware, above all others. A stream is counted when it begins."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        response = self.get_response(request)
        method = request.method if request.method in METHODS else "other"
        route = request.resolver_match.route if request.resolver_match else NOWHERE
        counters.add("http_requests", str(method), str(route), str(response.status_code))
        counters.observe("http_request_seconds", str(method), str(route), value=time.monotonic() - began)
        return response
