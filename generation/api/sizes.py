"""Which size is drawn for one that is asked for: dialects take any, as their clients know no checkpoint's own."""

from __future__ import annotations

import math

from generation.recipes.fields import SIDE_RANGE, SIDE_STEP

Size = tuple[int, int]
"""Width and height in pixels."""


def fitted(size: Size, most: int) -> Size:
    """The nearest size of this shape that can be drawn, of at most `most` pixels: both sides are multiples."""
    width, height = size
    scale = min(1.0, SIDE_RANGE[1] / max(size), math.sqrt(most / (width * height)))
    rounded = _side(round(width * scale / SIDE_STEP)), _side(round(height * scale / SIDE_STEP))
    if rounded[0] * rounded[1] <= most:
        return rounded
    smaller = _side(int(width * scale / SIDE_STEP)), _side(int(height * scale / SIDE_STEP))
    # A side that could not become shorter leaves less for the other one.
    longest = max(SIDE_RANGE[0], most // min(smaller) // SIDE_STEP * SIDE_STEP)
    return min(smaller[0], longest), min(smaller[1], longest)


def _side(steps: int) -> int:
    low, high = SIDE_RANGE
    return min(high, max(low, steps * SIDE_STEP))
