"""The proposal: what does best on pictures it never saw, with a true sentence."""

from __future__ import annotations

import pytest

from generation.recipes.choosing import Losses, choose


@pytest.mark.parametrize(
    "points, step, words",
    [
        (
            [Losses(0, 1, 1.0), Losses(500, 0.4, 0.6), Losses(1000, 0.1, 0.9)],
            500,
            "40 % below the start",
        ),
        (
            [Losses(0, 1, 1.0), Losses(500, 0.4, 0.6), Losses(1000, 0.1, 0.9)],
            500,
            "by heart (0.900 at the end)",
        ),
        (
            [Losses(0, 1, 1.0), Losses(500, 0.4, 0.6), Losses(1000, 0.5, 0.9)],
            500,
            "later ones are no better",
        ),
        (
            [Losses(0, 1, 1.0), Losses(500, 0.5, 0.8), Losses(1000, 0.4, 0.7)],
            1000,
            "nothing spoke against going on",
        ),
        (
            [
                Losses(0, 1, 1.0),
                Losses(100, 0.5, 0.7),
                Losses(500, 0.2, 0.76),
                Losses(900, 0.1, 0.9),
            ],
            500,
            "lowest is 0.700",
        ),
        (
            [
                Losses(0, 1, 1.0),
                Losses(100, 0.5, 0.7),
                Losses(500, 0.2, 0.78),
                Losses(900, 0.1, 0.9),
            ],
            100,
            "best on held-out",
        ),
        (
            [Losses(0, 1, 0.5), Losses(500, 0.5, 0.6), Losses(1000, 0.4, 0.7)],
            500,
            "the bare base does better",
        ),
        (
            [Losses(0, 1, None), Losses(500, 0.5, None), Losses(1000, 0.6, None)],
            1000,
            "no picture was held out",
        ),
        (
            [Losses(0, 1, 1.0), Losses(5, 0.5, 0.7), Losses(9, 0.4, 0.698, memorised=2)],
            5,
            "0.700",
        ),
        ([Losses(0, 1, 1.0)], 0, "bare base"),
    ],
)
def test_the_choice(points: list[Losses], step: int, words: str) -> None:
    choice = choose(points)
    assert choice.step == step
    assert words in choice.reason
    assert len(choice.reason) <= 300
