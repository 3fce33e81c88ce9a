"""How often the API may be asked: by person, or by address who is nobody yet, and by route. Pages are `page_rate`'s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import throttling
from rest_framework.exceptions import Throttled
from rest_framework.request import Request

from config.rates import Count, Rate, address_of, longest_wait, take
from config.route_rates import asked_of

COUNTED = "tempera.counted"
COUNTS = "tempera.counts"
"""Keys of a request's META: that it was counted, and how the counts stand."""


def headers_of(meta: Mapping[str, Any]) -> dict[str, str]:
    """`RateLimit-*` of a request, by the count that leaves least; none where nothing was counted."""
    counts: list[Count] = meta.get(COUNTS, [])
    if not counts:
        return {}
    least = min(counts, key=lambda each: each.left)
    return {
        "RateLimit-Limit": str(least.limit),
        "RateLimit-Remaining": str(least.left),
        "RateLimit-Reset": str(least.reset),
        "RateLimit-Policy": f"{least.limit};w={least.period}",
    }


class _Counting(throttling.SimpleRateThrottle):
    num_requests: int
    duration: int

    def allow_request(self, request: Request, view: Any) -> bool:
        request.META[COUNTED] = True
        counts = take(self.asked(request, view))
        request.META.setdefault(COUNTS, []).extend(counts)
        self.seconds = longest_wait(counts)
        return not self.seconds

    def asked(self, request: Request, view: Any) -> list[tuple[str, Rate]]:
        key = self.get_cache_key(request, view)
        return [] if key is None else [(key, Rate(self.num_requests, self.duration))]

    def wait(self) -> float:
        return self.seconds

    def get_ident(self, request: Request) -> str:
        return address_of(request)


class Anonymous(_Counting, throttling.AnonRateThrottle):
    """By address."""


class SignedIn(_Counting, throttling.UserRateThrottle):
    """By person."""


class Costly(throttling.ScopedRateThrottle, _Counting):
    """By person or address, of the views that name a `throttle_scope`, besides the above."""


class Routed(_Counting):
    """By the operator's own rules about certain addresses."""

    def __init__(self) -> None:
        """Without a rate of its own, which the framework would look for."""

    def asked(self, request: Request, view: Any) -> list[tuple[str, Rate]]:
        return asked_of(request)


def refused_uncounted(request: Request | None) -> Throttled | None:
    """What comes of a request that was refused before anybody counted it, as one with a wrong token is."""
    if request is None or COUNTED in request.META:
        return None
    throttles = [throttle for throttle in (Anonymous(), SignedIn()) if not throttle.allow_request(request, None)]
    return Throttled(wait=max(throttle.wait() for throttle in throttles)) if throttles else None
