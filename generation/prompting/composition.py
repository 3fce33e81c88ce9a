"""AND: a prompt made of several, each with its weight."""

from __future__ import annotations

import re
from typing import NamedTuple

# Each prompt costs a pass of its own through the UNet at every step.
MAX_PROMPTS = 16

AND = re.compile(r"\bAND\b")
_WEIGHT = re.compile(r"\s*([-+]?(?:\d+\.?|\d*\.\d+))")


class Subprompt(NamedTuple):
    """One prompt of a composition: text[start:end] is what it says, and `weight` how much (negative: away from it)."""

    text: str
    weight: float
    start: int
    end: int


def compose(text: str) -> list[tuple[str, float]]:
    """The prompts that AND joins with their weights (`:w` at their end, 1 without); at least one.

    A text without AND is one prompt and keeps a `:w` at its end, where the reference would turn "at 10:30" into "at 10"
    thirty times over. AND splits brackets too, as in the reference.
    """
    return [(subprompt.text, subprompt.weight) for subprompt in split(text)]


def split(text: str) -> list[Subprompt]:
    """The prompts that AND joins, and where they stand."""
    cuts = list(AND.finditer(text))
    if not cuts:
        return [Subprompt(text, 1.0, 0, len(text))]
    starts = [0, *(cut.end() for cut in cuts)]
    ends = [*(cut.start() for cut in cuts), len(text)]
    subprompts = []
    for start, end in zip(starts, ends, strict=True):
        length, weight = trailing_weight(text[start:end]) or (end - start, 1.0)
        words = text[start : start + length].rstrip()
        subprompts.append(Subprompt(words, weight, start, start + len(words)))
    return subprompts


def trailing_weight(text: str) -> tuple[int, float] | None:
    """Where the `:w` at the end of `text` begins, and its weight; None without one."""
    head, colon, tail = text.rstrip().rpartition(":")
    match = _WEIGHT.fullmatch(tail) if colon else None
    return (len(head), float(match[1])) if match else None
