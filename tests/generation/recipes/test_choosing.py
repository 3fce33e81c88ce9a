"""The proposal: what does best on pictures it never saw, with a true sentence."""

from __future__ import annotations

import pytest

from generation.recipes.choosing import Point, choose


@pytest.mark.parametrize(
    "points, step, words",
    [
        ([Point(0, 1, 1.0), Point(500, 0.4, 0.6), Point(1000, 0.1, 0.9)], 500, "40 % below the start"),
        ([Point(0, 1, 1.0), Point(500, 0.4, 0.6), Point(1000, 0.1, 0.9)], 500, "by heart (0.900 at the end)"),
        ([Point(0, 1, 1.0), Point(500, 0.4, 0.6), Point(1000, 0.5, 0.9)], 500, "later ones are no better"),
        ([Point(0, 1, 1.0), Point(500, 0.5, 0.8), Point(1000, 0.4, 0.7)], 1000, "nothing spoke against going on"),
        ([Point(0, 1, 1.0), Point(100, 0.5, 0.7), Point(500, 0.2, 0.76), Point(900, 0.1, 0.9)], 500, "lowest is 0.700"),
        (
            [Point(0, 1, 1.0), Point(100, 0.5, 0.7), Point(500, 0.2, 0.78), Point(900, 0.1, 0.9)],
            100,
            "best on held-out",
        ),
        ([Point(0, 1, 0.5), Point(500, 0.5, 0.6), Point(1000, 0.4, 0.7)], 500, "the bare base does better"),
        ([Point(0, 1, None), Point(500, 0.5, None), Point(1000, 0.6, None)], 1000, "no picture was held out"),
        ([Point(0, 1, 1.0), Point(5, 0.5, 0.7), Point(9, 0.4, 0.698, memorised=2)], 5, "0.700"),
        ([Point(0, 1, 1.0)], 0, "bare base"),
    ],
)
def test_the_choice(points: list[Point], step: int, words: str) -> None:
    choice = choose(points)
    assert choice.step == step
    assert words in choice.reason
    assert len(choice.reason) <= 300
