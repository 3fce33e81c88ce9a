"""Which part of a picture is trained, and around which point: chosen by its owner, or left to the trainer."""

from __future__ import annotations

import math
from collections.abc import Sequence

from accounts.refusals import Refusal
from generation.models import DataPicture
from generation.training.datasets.preparing import LEAST_SIDE

Crop = tuple[float, float, float, float]
Focus = tuple[float, float]
DIGITS = 5


def set_crop(picture: DataPicture, crop: Sequence[float] | None) -> None:
    """Keep left, top, right, bottom in 0..1 of the picture; None leaves it to the trainer. Raises Refusal."""
    picture.crop = None if crop is None else list(checked_crop(picture, crop))
    picture.save(update_fields=["crop"])


def set_focus(picture: DataPicture, focus: Sequence[float] | None) -> None:
    """Keep the point x, y in 0..1 that every cut stays around; None is the middle of what is left. Raises Refusal."""
    picture.focus = None if focus is None else list(checked_focus(focus))
    picture.save(update_fields=["focus"])


def checked_crop(picture: DataPicture, crop: Sequence[float]) -> Crop:
    if len(crop) != 4 or not all(math.isfinite(edge) and 0 <= edge <= 1 for edge in crop):
        raise Refusal("bad-crop", "A crop is four edges between 0 and 1: left, top, right, bottom.", field="crop")
    left, top, right, bottom = (round(float(edge), DIGITS) for edge in crop)
    across, down = (right - left) * picture.width, (bottom - top) * picture.height
    if min(across, down) < LEAST_SIDE:
        raise Refusal("small-crop", f"Keep at least {LEAST_SIDE} pixels on each side.", field="crop")
    return left, top, right, bottom


def checked_focus(focus: Sequence[float]) -> Focus:
    if len(focus) != 2 or not all(math.isfinite(share) and 0 <= share <= 1 for share in focus):
        raise Refusal("bad-focus", "A focus is a point: two numbers between 0 and 1, across and down.", field="focus")
    across, down = (round(float(share), DIGITS) for share in focus)
    return across, down
