"""How often certain addresses of the site may be asked, as the operator says in ROUTE_RATES. All else is `page_rate`'s.

A rule reads `POST /api/v1/jobs 100/hour`: a method, or none for all; how an address begins; a rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

from config.rates import Rate, address_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PEOPLE_AN_ADDRESS = 10
"""A household, an office or a class has one address: of it so many times as many are let as of one person."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Of requests of this method ("": any) whose path begins with `prefix`."""

    method: str
    prefix: str
    rate: Rate

    def is_about(self, request: HttpRequest | Request) -> bool:
        return self.method in ("", request.method) and request.path_info.startswith(self.prefix)

    def keys_for(self, request: HttpRequest | Request) -> list[tuple[str, Rate]]:
        """What is counted: a person wherever they are, and the address; of a guest the address alone."""
        name = f"route:{self.method} {self.prefix}"
        address, person = f"{name}:address:{address_of(request)}", request.user
        if not person.is_authenticated:
            return [(address, self.rate)]
        shared = Rate(self.rate.limit * PEOPLE_AN_ADDRESS, self.rate.period)
        return [(f"{name}:person:{person.pk}", self.rate), (f"{address}:people", shared)]


def read_rule(text: str) -> Rule:
    """ValueError with a sentence where it is none."""
    words = text.split()
    method = words.pop(0) if len(words) == 3 else ""
    if len(words) != 2 or not words[0].startswith("/") or method not in ("", *METHODS):
        raise ValueError(f"“{text}” is no rule such as POST /api/v1/jobs 100/hour")
    return Rule(method, words[0], Rate.read(words[1]))


def asked_of(request: HttpRequest | Request) -> list[tuple[str, Rate]]:
    """Under which keys the request counts; none where no rule is about it."""
    rules = _read(tuple(settings.ROUTE_RATES))
    return [pair for rule in rules if rule.is_about(request) for pair in rule.keys_for(request)]


@cache
def _read(texts: Sequence[str]) -> tuple[Rule, ...]:
    return tuple(read_rule(text) for text in texts)
