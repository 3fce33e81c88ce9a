"""The counter behind every limit of how often something may be asked: one for all processes, in Valkey.

A window slides: what counts are the last so many seconds by the server's own clock, so the turn of a minute lets nobody
ask twice as often. Who is counted, and for what, is `page_rate`'s, `route_rates`' and `throttling`'s to say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

import structlog
from django.http import HttpRequest
from redis import RedisError
from rest_framework.request import Request

from generation.messages.broker import connection

log = structlog.get_logger(__name__)

PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
RATE = re.compile(r"(\d+)/([smhd])[a-z]*")
TAKE = """
    local now = redis.call('TIME')
    local moment = now[1] * 1000000 + now[2]
    local counts, full = {}, false
    for place, key in ipairs(KEYS) do
        local limit, period = tonumber(ARGV[2 * place - 1]), ARGV[2 * place] * 1000000
        redis.call('ZREMRANGEBYSCORE', key, '-inf', moment - period)
        local asked = redis.call('ZCARD', key)
        local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
        local room = oldest[2] and math.max(1, oldest[2] + period - moment) or period
        full = full or asked >= limit
        counts[place] = {asked >= limit and room or 0, math.max(0, limit - asked), room}
    end
    if full then return counts end
    for place, key in ipairs(KEYS) do
        redis.call('ZADD', key, moment, now[1] .. '.' .. now[2] .. '.' .. counts[place][2])
        redis.call('EXPIRE', key, ARGV[2 * place])
        counts[place][2] = counts[place][2] - 1
    end
    return counts
"""
"""Looks, counts and decides in one step, or many who come at once would all be let in by the same look. Where one of
several counts is full none is added to: what is refused uses nothing up."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` in `period` seconds."""

    limit: int
    period: int

    @classmethod
    def read(cls, text: str) -> Rate:
        """A number and s, min, hour or day, as in 600/min. ValueError for anything else."""
        found = RATE.fullmatch(text)
        if found is None:
            raise ValueError(f"“{text}” is no rate")
        return cls(int(found[1]), PERIODS[found[2]])


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


def take(asked: Sequence[tuple[str, Rate]]) -> list[Count]:
    """Count one more under each key, or under none where one of them is full; the counts in the same order.

    Empty while Valkey is away: then nobody is counted and nobody refused here. What must not be tried uncounted, such
    as a password, is refused by the part that counts it (allauth's limits, which answer 503).
    """
    if not asked:
        return []
    keys = [f"tempera:rate:{key}" for key, _ in asked]
    numbers = [number for _, rate in asked for number in (rate.limit, rate.period)]
    try:
        rows = connection().eval(TAKE, len(keys), *keys, *numbers)
    except RedisError as error:
        log.warning("not_counted", error=str(error))
        return []
    return [
        Count(rate.limit, rate.period, _seconds(wait), int(left), _seconds(reset))
        for (_, rate), (wait, left, reset) in zip(asked, rows, strict=True)
    ]


def longest_wait(counts: Sequence[Count]) -> int:
    """0, or the seconds after which there is room in all of them."""
    return max((count.wait for count in counts), default=0)


def _seconds(microseconds: int) -> int:
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
