"""Prices follow the work, pixels times steps, and the price list."""

from __future__ import annotations

import pytest

from generation.recipes.picture import Recipe
from generation.recipes.pricing import PriceList, price, training_price
from generation.recipes.training import TrainingRecipe


@pytest.mark.parametrize(
    "side, steps, credits", [(128, 20, 1), (512, 10, 1), (512, 11, 2), (512, 20, 2), (512, 30, 3), (1024, 20, 8)]
)
def test_price(side: int, steps: int, credits: int) -> None:
    assert price(Recipe("a cat", width=side, height=side, steps=steps)) == credits


def test_a_price_list_decides() -> None:
    recipe = Recipe("a cat", width=512, height=512, steps=30)
    assert price(recipe, PriceList(steps_per_credit=1)) == 30
    assert price(recipe, PriceList(steps_per_credit=1000)) == 1
    training = TrainingRecipe(resolution=512)
    full, usual = training_price(training, 9, PriceList(training_discount=1)), training_price(training, 9)
    assert 3.9 < full / usual < 4.1
