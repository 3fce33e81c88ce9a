"""What a page says while the broker is away: 503 and when to come again. Few pages need it: signing in counts tries."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from redis import RedisError

log = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS = 30


class BrokerAway:
    """Middleware: tries that cannot be counted are refused, not let through; anything else stays what it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, RedisError):
            return None
        log.error("broker_away", path=request.path, error=str(error))
        page = render(request, "503.html", status=503)
        page["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return page
