"""Selections by click that a worker is asked for: question and answer, kept for some minutes and never as rows.

What is lost here costs a click: whoever waits for an answer that does not come gets a mask made without the worker.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.core.cache import cache

from generation.messages import wakeups

KEPT_SECONDS = 600
CODE_BITS = 62


@dataclass(frozen=True, slots=True)
class AskedSelection:
    """`annotator_sha256` is the network that is to select in the picture of `picture_sha256`; `title` is its name.

    `clicks` are (x, y, whether it belongs to the selection), `box` is (left, top, right, bottom), all in pixels.
    `asked_at` is in seconds since the epoch. `mask` is a PNG, None until the worker has answered; `failure` says why it
    has none.
    """

    owner_id: int
    picture_sha256: str
    clicks: tuple[tuple[float, float, bool], ...]
    box: tuple[float, float, float, float] | None
    annotator_sha256: str
    title: str
    asked_at: float
    mask: bytes | None = None
    failure: str = ""


def ask(selection: AskedSelection) -> str:
    """Keep the question and wake a worker; its code, empty where the broker is away."""
    number = secrets.randbits(CODE_BITS)
    keep(number, selection)
    return f"{number:x}" if wakeups.send(wakeups.Task.SELECT_BY_CLICK, number) else ""


def keep(number: int, selection: AskedSelection) -> None:
    cache.set(_key(number), selection, KEPT_SECONDS)


def find(number: int) -> AskedSelection | None:
    """None after some minutes, or where nobody asked."""
    found: AskedSelection | None = cache.get(_key(number))
    return found


def number_of(code: str) -> int:
    """Of an address; -1 for what is no code."""
    try:
        return int(code[:16], 16)
    except ValueError:
        return -1


def _key(number: int) -> str:
    return f"selection:{number}"
