"""Prices follow the work: pixels times steps."""

from __future__ import annotations

import pytest

from generation.recipes.picture import Recipe
from generation.recipes.pricing import price


@pytest.mark.parametrize(
    "side, steps, credits", [(128, 20, 1), (512, 10, 1), (512, 11, 2), (512, 20, 2), (512, 30, 3), (1024, 20, 8)]
)
def test_price(side: int, steps: int, credits: int) -> None:
    assert price(Recipe("a cat", width=side, height=side, steps=steps)) == credits
