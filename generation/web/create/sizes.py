"""The sizes that the Create page offers for a checkpoint: its native area in a few proportions. Pure arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass

from generation.recipes.fields import SIDE_RANGE, SIDE_STEP

PROPORTIONS = ((1, 1), (3, 2), (2, 3), (16, 9), (9, 16))
DRAWN_SIDE = 28
"""Longest side of the drawn rectangle, inside a box of 32."""


@dataclass(frozen=True, slots=True)
class SizePreset:
    """One size in pixels and its proportion; `x`, `y`, `drawn_width` and `drawn_height` draw it in a box of 32."""

    name: str
    width: int
    height: int

    @property
    def value(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def drawn_width(self) -> int:
        return round(DRAWN_SIDE * self.width / max(self.width, self.height))

    @property
    def drawn_height(self) -> int:
        return round(DRAWN_SIDE * self.height / max(self.width, self.height))

    @property
    def x(self) -> float:
        return (32 - self.drawn_width) / 2

    @property
    def y(self) -> float:
        return (32 - self.drawn_height) / 2


def size_presets_of(native_width: int, native_height: int) -> list[SizePreset]:
    """About the native area in each proportion, sides in multiples of 8 and within what a recipe takes."""
    area = native_width * native_height
    return [
        SizePreset(f"{across}:{down}", _side(area * across / down), _side(area * down / across))
        for across, down in PROPORTIONS
    ]


def _side(square: float) -> int:
    low, high = SIDE_RANGE
    return min(high, max(low, SIDE_STEP * round(math.sqrt(square) / SIDE_STEP)))
