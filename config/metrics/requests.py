"""Counts requests by route, the pattern of their address and never the address itself, and how long they took."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from generation.messages.counters import counters

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
NOWHERE = "none"
"""The route of an address that leads nowhere, or of what was answered before it was looked up."""
BESIDE = "counted beside Django"
"""In the scope of a request whose answer `CountedSend` counts: Django's may not be the one that is sent."""


class Counted:
    """Middleware, above all others. A stream is counted when it begins."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        response = self.get_response(request)
        if BESIDE not in getattr(request, "scope", ()):
            route = request.resolver_match.route if request.resolver_match else NOWHERE
            count(str(request.method), str(route), response.status_code, began)
        return response


class CountedSend:
    """The `send` of an ASGI request that is counted when the head of its answer goes out."""

    def __init__(self, send: Any, method: str, route: str) -> None:
        self.send, self.method, self.route, self.began = send, method, route, time.monotonic()

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            count(self.method, self.route, message["status"], self.began)
        await self.send(message)


def count(method: str, route: str, status: int, began: float) -> None:
    """One request that was answered just now; `began` is of the monotonic clock."""
    method = method if method in METHODS else "other"
    counters.add("http_requests", method, route, str(status))
    counters.observe("http_request_seconds", method, route, value=time.monotonic() - began)
