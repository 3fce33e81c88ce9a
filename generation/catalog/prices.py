"""What the site asks for now, as the operator set it in the admin. How a price is made of it is `recipes.pricing`."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.models import Prices
from generation.recipes.picture import Recipe
from generation.recipes.pricing import PriceList, price


def price_list() -> PriceList:
    """The prices of this moment, in one query. What was held before keeps its own."""
    row = Prices.objects.first() or Prices()
    return PriceList(steps_per_credit=row.steps_per_credit, training_discount=row.training_discount)


def total_price(recipes: Sequence[Recipe]) -> int:
    """Whole credits for all of these pictures."""
    prices = price_list()
    return sum(price(recipe, prices) for recipe in recipes)
