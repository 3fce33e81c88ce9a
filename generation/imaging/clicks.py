"""Where somebody clicked in a picture to select a thing: as values, and as JSON tells them. What grows the mask is
`selecting`, which web processes load with the first click, since it brings OpenCV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accounts.refusals import Refusal

MAX_CLICKS = 64


@dataclass(frozen=True, slots=True)
class Click:
    """A place in pixels; `keeps` says whether what lies there belongs to the selection or not."""

    x: float
    y: float
    keeps: bool = True


@dataclass(frozen=True, slots=True)
class Box:
    """A rough box in pixels around what is meant; `right` and `bottom` are the first pixels outside."""

    left: float
    top: float
    right: float
    bottom: float


def clicks_of(told: Any) -> list[Click]:
    """Clicks as JSON tells them. Raises Refusal for what is none."""
    try:
        if len(told) > MAX_CLICKS:
            raise too_many()
        return [Click(float(each["x"]), float(each["y"]), bool(each.get("keeps", True))) for each in told]
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError):
        raise Refusal("bad-clicks", "Clicks are a list of places with x and y.", field="clicks") from None


def box_of(told: Any) -> Box | None:
    """A box as JSON tells it. Raises Refusal for what is none."""
    if told is None:
        return None
    try:
        return Box(*(float(told[side]) for side in ("left", "top", "right", "bottom")))
    except (TypeError, KeyError, ValueError, OverflowError):
        raise Refusal("bad-box", "A box has left, top, right and bottom.", field="box") from None


def too_many() -> Refusal:
    return Refusal("too-many-clicks", f"At most {MAX_CLICKS} clicks are read.", field="clicks")


def check_selection(clicks: Sequence[Click], box: Box | None, size: tuple[int, int]) -> None:
    """Raise Refusal for clicks or a box outside of a picture of `size` (width, height), and for none of either."""
    width, height = size
    if not box and not any(click.keeps for click in clicks):
        raise Refusal("nothing-clicked", "Click on what is to be selected, or draw a box around it.", field="clicks")
    if len(clicks) > MAX_CLICKS:
        raise too_many()
    which = f"the picture, which has {width}×{height} pixels."
    if not all(0 <= click.x < width and 0 <= click.y < height for click in clicks):
        raise Refusal("clicked-outside", f"A click lies outside of {which}", field="clicks")
    if box and not (0 <= box.left < box.right <= width and 0 <= box.top < box.bottom <= height):
        raise Refusal("bad-box", f"The box is empty or leaves {which}", field="box")
