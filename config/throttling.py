"""How often the API may be asked: by person, or by address who is nobody yet. Pages are `page_rate`'s.

Counts live in Redis; while it is away nobody is counted and nobody refused.
"""

from __future__ import annotations

import math
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
        if not oldest[2] then return period end
        return math.max(1, oldest[2] + period - moment)
    end
    redis.call('ZADD', KEYS[1], moment, now[1] .. '.' .. now[2] .. '.' .. asked)
    redis.call('EXPIRE', KEYS[1], ARGV[2])
    return 0
"""
"""Looks, counts and decides in one step, or many who come at once would all be let in by the same look. It keeps the
moments of the period that ends now, by the server's own clock, so that the turn of a minute lets nobody ask twice."""
COUNTED = "tempera.counted"
"""A key of a request's META."""


def seconds_to_wait(key: str, limit: int, period: int) -> int:
    """Count one more of at most `limit` in `period` seconds; 0, or after how many seconds there is room again."""
    try:
        microseconds = connection().eval(TAKE, 1, f"tempera:rate:{key}", limit, period)
    except RedisError as error:
        log.warning("not_counted", error=str(error))
        return 0
    return math.ceil(int(microseconds) / 1_000_000)


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
        self.seconds = 0 if key is None else seconds_to_wait(key, self.num_requests, self.duration)
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
