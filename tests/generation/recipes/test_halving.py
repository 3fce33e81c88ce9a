"""Successive halving: rungs that cost alike, survivors that are better."""

from __future__ import annotations

import math

import pytest

from generation.recipes.halving import rungs, survivors


@pytest.mark.parametrize(
    "steps, candidates, expected",
    [(2500, 1, (2500,)), (2500, 2, (1250, 2500)), (2500, 8, (312, 625, 1250, 2500)), (3, 9, (1, 3)), (1, 4, (1,))],
)
def test_rungs(steps: int, candidates: int, expected: tuple[int, ...]) -> None:
    assert rungs(steps, candidates) == expected


def test_the_better_half_goes_on_best_first() -> None:
    assert survivors({"a": 0.9, "b": 0.5, "c": 0.7, "d": 0.6, "e": None}) == ("b", "d", "c")
    assert survivors({"a": math.nan, "b": 2.0}) == ("b",)
    assert survivors({"a": 1.0}) == ("a",)
    assert survivors({}) == ()
