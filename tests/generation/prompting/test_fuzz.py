"""A hundred thousand random texts: none raises, and the work grows with the length alone."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from functools import partial

import pytest

from generation.prompting import TagError, attention, compose, expand, extract_tags, inspect, schedule
from tests.generation.prompting.texts import hostile, random_texts


def read(text: str) -> None:
    """Everything that happens to a prompt between the form and the engine."""
    drawn = expand(text, 1, {"list": ["a", "{b|[c|d]}"]})
    try:
        rest = extract_tags(drawn)[0]
    except TagError:
        rest = drawn
    for part, _ in compose(rest):
        for _, said in schedule(part, 4):
            attention(said)


@pytest.mark.slow
def test_a_hundred_thousand_random_texts_are_read() -> None:
    for text in random_texts(90_000, seed=1, longest=25):
        read(text)
    chance = random.Random(2)
    for _ in range(10_000):
        read("".join(map(chr, chance.choices(range(0x2100), k=chance.randint(0, 60)))))


def test_ten_thousand_random_texts_are_explained() -> None:
    for text in random_texts(10_000, seed=3, longest=15):
        explain(text)


def explain(text: str) -> None:
    inspect(text, 4, loras=[], embeddings=[], wildcards={})


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of Python `work` runs through: time without a clock."""
    count = 0

    def trace(frame: object, event: str, argument: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("text", hostile())
def test_twice_the_text_is_at_most_twice_the_work(text: str) -> None:
    for work in (read, explain):
        single = lines_run(partial(work, text))
        double = lines_run(partial(work, text + text))
        assert double < 2.2 * single + 3_000
        assert double < 100 * len(text + text)
