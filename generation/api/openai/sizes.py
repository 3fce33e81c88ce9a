"""Which size is drawn for one that is asked for: the help page states the rule, and answers tell what was drawn."""

from __future__ import annotations

import re

from accounts.refusals import Refusal
from generation.api.sizes import Size, fitted
from generation.recipes.fields import MAX_PIXELS, SIDE_RANGE, SIDE_STEP

RULE = (
    f"Both sides are rounded to the nearest multiple of {SIDE_STEP}, and to at least {SIDE_RANGE[0]}. What is larger "
    f"than your plan draws, or longer than {SIDE_RANGE[1]}, is made smaller in proportion. “auto” and no size are the "
    "checkpoint's own."
)
_SIZE = re.compile("([0-9]{1,6})x([0-9]{1,6})")


def drawn_size(text: str, native: Size, max_pixels: int) -> Size:
    """The size for `text` (“auto”, or width x height) by RULE; `max_pixels` is the plan's. Raises Refusal."""
    return fitted(native if text in ("", "auto") else read_size(text), min(max_pixels, MAX_PIXELS))


def read_size(text: str) -> Size:
    read = _SIZE.fullmatch(text)
    size = (int(read[1]), int(read[2])) if read else (0, 0)
    if not all(size):
        raise Refusal("invalid-size", "A size is “auto”, or width and height such as 1024x1024.", field="size")
    return size
