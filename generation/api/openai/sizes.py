"""Which size is drawn for one that is asked for: the help page states the rule, and answers tell what was drawn."""

from __future__ import annotations

import math
import re

from accounts.refusals import Refusal
from generation.recipes.fields import MAX_PIXELS, SIDE_RANGE, SIDE_STEP

RULE = (
    f"Both sides are rounded to the nearest multiple of {SIDE_STEP}, and to at least {SIDE_RANGE[0]}. What is larger "
    f"than your plan draws, or longer than {SIDE_RANGE[1]}, is made smaller in proportion. “auto” and no size are the "
    "checkpoint's own."
)
_SIZE = re.compile("([0-9]{1,6})x([0-9]{1,6})")

Size = tuple[int, int]
"""Width and height in pixels."""


def drawn_size(text: str, native: Size, max_pixels: int) -> Size:
    """The size for `text` (“auto”, or width x height) by RULE; `max_pixels` is the plan's. Raises Refusal."""
    return fitted(native if text in ("", "auto") else read_size(text), min(max_pixels, MAX_PIXELS))


def read_size(text: str) -> Size:
    read = _SIZE.fullmatch(text)
    size = (int(read[1]), int(read[2])) if read else (0, 0)
    if not all(size):
        raise Refusal("invalid-size", "A size is “auto”, or width and height such as 1024x1024.", field="size")
    return size


def fitted(size: Size, most: int) -> Size:
    """The nearest size that can be drawn, of at most `most` pixels."""
    width, height = size
    scale = min(1.0, SIDE_RANGE[1] / max(size), math.sqrt(most / (width * height)))
    rounded = _side(round(width * scale / SIDE_STEP)), _side(round(height * scale / SIDE_STEP))
    if rounded[0] * rounded[1] <= most:
        return rounded
    return _side(int(width * scale / SIDE_STEP)), _side(int(height * scale / SIDE_STEP))


def _side(steps: int) -> int:
    low, high = SIDE_RANGE
    return min(high, max(low, steps * SIDE_STEP))
