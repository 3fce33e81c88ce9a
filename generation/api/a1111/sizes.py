"""Which size is drawn for the one that was asked for: programs ask for 1024×1024 whatever the checkpoint is."""

from __future__ import annotations

import math

from accounts.models import Plan
from generation.models import Checkpoint
from generation.recipes.fields import MAX_PIXELS, SIDE_RANGE, SIDE_STEP

MOST_OF_NATIVE = 2.25
"""Times the area that the checkpoint was taught with: beyond half as much again a side, things are drawn twice."""


def most_pixels(plan: Plan, checkpoint: Checkpoint, fits_size: bool) -> int:
    """The largest area that a request of this dialect gets."""
    native = checkpoint.native_width * checkpoint.native_height
    fitting = int(MOST_OF_NATIVE * native) if fits_size else MAX_PIXELS
    return min(plan.max_pixels, MAX_PIXELS, fitting)


def fitted(width: int, height: int, most: int) -> tuple[int, int]:
    """The same shape in sides that a recipe can have, with at most so many pixels: as it is where it is one already."""
    low, high = (int(limit) for limit in SIDE_RANGE)
    shrink = min(1.0, math.sqrt(most / (width * height)), high / max(width, height))
    width, height = (max(low, int(side * shrink) // SIDE_STEP * SIDE_STEP) for side in (width, height))
    # A side that could not become shorter leaves less for the other one.
    longest = max(low, most // min(width, height) // SIDE_STEP * SIDE_STEP)
    return min(width, longest), min(height, longest)
