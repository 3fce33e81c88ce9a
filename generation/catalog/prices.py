"""What a person's plan asks for, as set in the admin. How a price is made of it is `recipes.pricing`."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.models import Plan
from generation.recipes.picture import Recipe
from generation.recipes.pricing import PriceList, price


def price_list(plan: Plan) -> PriceList:
    """The plan's prices of this moment. What was held before keeps its own."""
    return PriceList(steps_per_credit=plan.steps_per_credit, training_discount=plan.training_discount)


def total_price(plan: Plan, recipes: Sequence[Recipe]) -> int:
    """Whole credits for all of these pictures."""
    prices = price_list(plan)
    return sum(price(recipe, prices) for recipe in recipes)
