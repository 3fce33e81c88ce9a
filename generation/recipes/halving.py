"""Successive halving of a search: when candidates are compared, and which of them go on. Pure.

After Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization" (2016).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)


def rungs(steps: int, candidates: int) -> tuple[int, ...]:
    """The steps at which the worse half leaves, ascending; the last is `steps`, which only the winners reach.

    Each rung costs about as much as the one before: half the candidates, twice the steps. One candidate has one rung.
    """
    halvings = math.ceil(math.log2(candidates)) if candidates > 1 else 0
    return tuple(sorted({max(1, steps >> back) for back in range(halvings + 1)}))


def survivors(losses: Mapping[Name, float | None]) -> tuple[Name, ...]:
    """The better half (rounded up), best first. A candidate without a loss, or with one that is no number, is last."""
    ranked = sorted(losses, key=lambda name: _rank(losses[name]))
    return tuple(ranked[: math.ceil(len(ranked) / 2)])


def _rank(loss: float | None) -> float:
    return math.inf if loss is None or math.isnan(loss) else loss
