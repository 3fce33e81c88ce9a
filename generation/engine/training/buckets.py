"""Sizes that pictures of different shapes are trained at: equal area, whole blocks of the UNet. Pure arithmetic.

After NovelAI's aspect-ratio bucketing (2022): nothing is cut square that need not be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

LONGEST_ASPECT = 2.0
MIDDLE = (0.5, 0.5)


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """In pixels."""

    width: int
    height: int


def bucket_sizes(resolution: int, block: int) -> tuple[Size, ...]:
    """Every size of whole blocks with at most resolution squared pixels and sides at most 2 : 1.

    For each width the greatest height; at least the square of the resolution cut to whole blocks.
    """
    area, side = resolution**2, max(block, resolution - resolution % block)
    sizes = {Size(side, side)}
    for width in range(block, int(resolution * math.sqrt(LONGEST_ASPECT)) + 1, block):
        height = area // width // block * block
        if height and max(width / height, height / width) <= LONGEST_ASPECT:
            sizes |= {Size(width, height), Size(height, width)}
    return tuple(sorted(sizes))


def bucket_of(width: float, height: float, sizes: tuple[Size, ...]) -> Size:
    """The size whose shape is nearest to that of a picture; of equals the largest."""
    aspect = math.log(width / height)

    def apart(size: Size) -> tuple[float, int]:
        return abs(math.log(size.width / size.height) - aspect), -size.width * size.height

    return min(sizes, key=apart)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture of some size gets into a bucket: scaled to `scaled`, of which `left`, `top` is the first corner."""

    scaled: Size
    left: int
    top: int


def fit_into(width: float, height: float, size: Size, focus: tuple[float, float] = MIDDLE) -> Fit:
    """Scaled until it covers the bucket; of the side that is too long the part around the focus is kept.

    `focus` is (x, y) in 0..1 of the picture. It comes as near the middle of the cut as the picture's edges allow.
    """
    scale = max(size.width / width, size.height / height)
    scaled = Size(max(size.width, round(width * scale)), max(size.height, round(height * scale)))
    left, top = _start(scaled.width, size.width, focus[0]), _start(scaled.height, size.height, focus[1])
    return Fit(scaled, left, top)


def _start(whole: int, part: int, focus: float) -> int:
    """Where a part of a side begins that has the focus in its middle, if the ends let it."""
    return min(max(0, math.floor(focus * whole - part / 2)), whole - part)
