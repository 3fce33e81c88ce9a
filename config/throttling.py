"""How often the API may be asked. Counts live in the cache; while that is away nobody is counted and nobody refused."""

from __future__ import annotations

from typing import Any

import structlog
from redis import RedisError
from rest_framework import throttling
from rest_framework.request import Request

log = structlog.get_logger(__name__)


class _Lenient(throttling.SimpleRateThrottle):
    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return super().allow_request(request, view)
        except RedisError as error:
            log.warning("not_counted", error=str(error))
            return True


class Anonymous(_Lenient, throttling.AnonRateThrottle):
    """By address."""


class SignedIn(_Lenient, throttling.UserRateThrottle):
    """By person."""
