"""An enlarged picture drawn over in tiles, each from what lies below it: which tiles, and how they are put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generation.engine.outcome import Pixels
from generation.imaging.canvas import Box, Canvas, Floats
from generation.recipes.enlarging import Enlarge
from generation.recipes.picture import Recipe
from generation.recipes.starting import Start

TILES_AT_ONCE = 4
"""That one picture has in the engine's hands: more would fill batches, and other people's requests would wait."""


@dataclass(frozen=True, slots=True)
class Tile:
    """`box` of the picture, which may go beyond its right and lower edge; the first `fade_left` columns and `fade_top`
    rows are shared with tiles that are drawn already."""

    box: Box
    fade_left: int
    fade_top: int


class Refinement:
    """`pixels` (H, W, 3) is the enlarged picture; `take` every tile of all `rounds`, then `result` is whole."""

    def __init__(self, recipe: Recipe, enlarge: Enlarge, pixels: Pixels) -> None:
        self.recipe = recipe.replace(enlarge=None, start=Start(enlarge.source, enlarge.strength))
        self.pixels = pixels
        self.result: Pixels = pixels.copy()
        self._tiles = _with_fades(enlarge.tiles(recipe.width, recipe.height))
        self.left = len(self._tiles)

    def rounds(self) -> Iterator[list[Tile]]:
        for first in range(0, len(self._tiles), TILES_AT_ONCE):
            yield self._tiles[first : first + TILES_AT_ONCE]

    def canvas(self, tile: Tile) -> Canvas:
        """What the tile begins at, in the recipe's size; beyond the picture its edge is repeated."""
        left, top, right, bottom = tile.box
        part = self.pixels[top:bottom, left:right]
        height, width = part.shape[:2]
        frame = np.pad(part, ((0, bottom - top - height), (0, right - left - width), (0, 0)), mode="edge")
        size = (frame.shape[1], frame.shape[0])
        return Canvas(frame, None, frame, (0, 0, *size), np.ones(frame.shape[:2], np.float32))

    def take(self, tile: Tile, drawn: Pixels) -> None:
        """Lay the drawn tile (h, w, 3) over the result, faded in where another lies already."""
        left, top = tile.box[:2]
        below = self.result[top : tile.box[3], left : tile.box[2]]
        height, width = below.shape[:2]
        cover = _ramp(height, tile.fade_top)[:, None, None] * _ramp(width, tile.fade_left)[None, :, None]
        mixed = below + cover * (drawn[:height, :width].astype(np.float32) - below)
        below[:] = mixed.round().astype(np.uint8)
        self.left -= 1


def _with_fades(boxes: list[Box]) -> list[Tile]:
    lefts, tops = (sorted({box[side] for box in boxes}) for side in (0, 1))
    width, height = boxes[0][2] - boxes[0][0], boxes[0][3] - boxes[0][1]
    return [Tile(box, _shared(lefts, box[0], width), _shared(tops, box[1], height)) for box in boxes]


def _shared(starts: list[int], start: int, length: int) -> int:
    """Pixels that a tile shares with the one before it."""
    place = starts.index(start)
    return starts[place - 1] + length - start if place else 0


def _ramp(length: int, fade: int) -> Floats:
    """(length,): from 0 to 1 over the first `fade`, then 1."""
    ramp = np.ones(length, np.float32)
    ramp[:fade] = (np.arange(fade, dtype=np.float32) + 0.5)[:length] / max(1, fade)
    return ramp
