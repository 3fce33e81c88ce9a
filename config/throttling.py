"""How often the API may be asked: by person, or by address who is nobody yet. Pages are `page_rate`'s.

Counts live in Redis; while it is away nobody is counted and nobody refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

import structlog
from django.http import HttpRequest
from redis import RedisError
from rest_framework import throttling
from rest_framework.exceptions import Throttled
from rest_framework.request import Request

from generation.messages.broker import connection

log = structlog.get_logger(__name__)

TAKE = """
    local now = redis.call('TIME')
    local moment = now[1] * 1000000 + now[2]
    local period = ARGV[2] * 1000000
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', moment - period)
    local asked = redis.call('ZCARD', KEYS[1])
    if asked >= tonumber(ARGV[1]) then
        local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
        local wait = oldest[2] and math.max(1, oldest[2] + period - moment) or period
        return {wait, 0, wait}
    end
    redis.call('ZADD', KEYS[1], moment, now[1] .. '.' .. now[2] .. '.' .. asked)
    redis.call('EXPIRE', KEYS[1], ARGV[2])
    local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
    return {0, ARGV[1] - asked - 1, first[2] + period - moment}
"""
"""Looks, counts and decides in one step, or many who come at once would all be let in by the same look. It keeps the
moments of the period that ends now, by the server's own clock, so that the turn of a minute lets nobody ask twice."""
COUNTED = "tempera.counted"
COUNTS = "tempera.counts"
"""Keys of a request's META: that it was counted, and how the counts stand."""


@dataclass(frozen=True, slots=True)
class Count:
    """How a count stands after one more was asked: of `limit` in `period` seconds `left` are left.

    `wait` is 0, or after how many seconds there is room again; after `reset` seconds there is more room than now.
    """

    limit: int
    period: int
    wait: int
    left: int
    reset: int


def count(key: str, limit: int, period: int) -> Count | None:
    """Count one more of at most `limit` in `period` seconds. None where nothing can be counted."""
    try:
        wait, left, reset = connection().eval(TAKE, 1, f"tempera:rate:{key}", limit, period)
    except RedisError as error:
        log.warning("not_counted", error=str(error))
        return None
    return Count(limit, period, _seconds(wait), int(left), _seconds(reset))


def _seconds(microseconds: int) -> int:
    return math.ceil(int(microseconds) / 1_000_000)


def seconds_to_wait(key: str, limit: int, period: int) -> int:
    """Count one more; 0, or after how many seconds there is room again."""
    counted = count(key, limit, period)
    return counted.wait if counted else 0


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


def address_of(request: HttpRequest | Request) -> str:
    """Whom an address stands for: of IPv6 a whole network, since each household has one."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False).network_address)
    return address


class _Counting(throttling.SimpleRateThrottle):
    num_requests: int
    duration: int

    def allow_request(self, request: Request, view: Any) -> bool:
        request.META[COUNTED] = True
        key = self.get_cache_key(request, view)
        counted = None if key is None else count(key, self.num_requests, self.duration)
        if counted:
            request.META.setdefault(COUNTS, []).append(counted)
        self.seconds = counted.wait if counted else 0
        return not self.seconds

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


def refused_uncounted(request: Request | None) -> Throttled | None:
    """What comes of a request that was refused before anybody counted it, as one with a wrong token is."""
    if request is None or COUNTED in request.META:
        return None
    throttles = [throttle for throttle in (Anonymous(), SignedIn()) if not throttle.allow_request(request, None)]
    return Throttled(wait=max(throttle.wait() for throttle in throttles)) if throttles else None
