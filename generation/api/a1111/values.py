"""Values of this dialect's JSON, as leniently read as A1111 does: a whole number may be 20, 20.0 or "20"."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from generation.recipes.checks import InvalidRecipe, check_range


def text(body: Mapping[str, Any], name: str, default: str = "") -> str:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise InvalidRecipe(name, f"{name} must be a text.")
    return value


def number(body: Mapping[str, Any], name: str) -> float | None:
    """None where it is missing. Raises InvalidRecipe for what is no number, or none that there is an end of."""
    value = body.get(name)
    if value is None:
        return None
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(name)
        read = float(value)
    except (ValueError, OverflowError):
        raise InvalidRecipe(name, f"{name} must be a number.") from None
    if not math.isfinite(read):
        raise InvalidRecipe(name, f"{name} must be a number.")
    return read


def whole(body: Mapping[str, Any], name: str, limits: tuple[float, float]) -> int | None:
    """A whole number within the limits; None where it is missing."""
    value = number(body, name)
    if value is None:
        return None
    if value != int(value):
        raise InvalidRecipe(name, f"{name} must be a whole number.")
    check_range(name, value, limits, name)
    return int(value)


def flag(body: Mapping[str, Any], name: str, default: bool) -> bool:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise InvalidRecipe(name, f"{name} must be true or false.")
    return value


def mapping(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidRecipe(name, f"{name} must be an object.")
    return value
