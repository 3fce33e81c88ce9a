"""The refusal of recipes that cannot be, and the checks that recipes of pictures and of trainings share."""

from __future__ import annotations

import math

from accounts.refusals import Refusal

MAX_SEED = 2**32 - 1


class InvalidRecipe(Refusal):
    """A recipe with a value that cannot be; `field` names it, and the code is `bad-<field>` unless one is given."""

    status = 422

    def __init__(self, field: str, message: str, code: str = "") -> None:
        super().__init__(code or f"bad-{field.replace('_', '-')}", message, field=field)


def check_range(field: str, value: float, limits: tuple[float, float], label: str) -> None:
    """Raise InvalidRecipe unless the value is a finite number within the limits, both included; `inf` is no limit."""
    low, high = limits
    # A whole number may be too large for `isfinite`.
    if not low <= value <= high or math.inf in (value, -value):
        if math.isinf(high):
            raise InvalidRecipe(field, f"{label} must be at least {low:g}.")
        # Only long figures are grouped, as in 4,294,967,295: sizes such as 1536 read better whole.
        lowest, highest = (f"{limit:,.15g}" if abs(limit) >= 10_000 else f"{limit:.15g}" for limit in limits)
        raise InvalidRecipe(field, f"{label} must lie between {lowest} and {highest}.")
