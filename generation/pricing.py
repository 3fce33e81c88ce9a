"""What a picture costs, in credits. Pure: a recipe in, a number out; the ledger is `accounts.credits`."""

from __future__ import annotations

import math

from generation.recipe import Recipe

WORK_PER_CREDIT = 512 * 512 * 10
"""Pixels times steps that one credit buys: ten steps of 512×512."""


def work(recipe: Recipe) -> float:
    """Pixels times steps: the unit in which the queue is shared and prices are made."""
    return float(recipe.width * recipe.height * recipe.steps)


def price(recipe: Recipe) -> int:
    """Whole credits, at least one."""
    return max(1, math.ceil(work(recipe) / WORK_PER_CREDIT))
