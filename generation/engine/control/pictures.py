"""From a recipe's picture to what a ControlNet reads: by preprocessors without weights, or by an annotator."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from PIL import Image

from generation.engine.control.annotators import Annotators
from generation.engine.lru_cache import LruCache
from generation.engine.outcome import Pixels
from generation.engine.picturesource import PictureSource, read_picture
from generation.imaging.canvas import Box, Canvas
from generation.imaging.control import control_picture, fit_to, on_ground
from generation.recipes.controls import ControlPick
from generation.recipes.picture import Recipe

KEPT_BYTES = 64 * 2**20

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """What of a whole picture of `size` (width, height) is drawn: the control picture lies over all of it."""

    size: Size
    box: Box

    def of(self, image: Image.Image, fit: str) -> Image.Image:
        return fit_to(image, self.size, fit).crop(self.box)


def window_of(recipe: Recipe, canvas: Canvas | None) -> Window | None:
    """The part that is drawn, where only the masked area is; None: all of it."""
    if canvas is None or recipe.start is None or recipe.start.area != "masked":
        return None
    height, width = canvas.ground.shape[:2]
    return Window((width, height), canvas.box)


class ControlPictures:
    """Control pictures by what decides them, kept for the siblings of a submission. Thread-safe."""

    def __init__(self, pictures: PictureSource, annotators: Annotators) -> None:
        self._pictures = pictures
        self._annotators = annotators
        self._kept: LruCache[tuple[object, ...], Pixels] = LruCache(KEPT_BYTES, lambda pixels: pixels.nbytes)
        self._making = threading.Lock()

    def of(self, pick: ControlPick, size: Size, window: Window | None = None) -> Pixels:
        """RGB (height, width, 3) in `size` (width, height), of the whole picture or the window. Raises RenderError."""
        seen_by = (pick.preprocessor, pick.annotator_sha256, pick.low, pick.high, pick.fit)
        key = (pick.picture.sha256, *seen_by, size, window)
        # Siblings begin at once: the first makes it, the others find it.
        with self._making:
            return self._kept.get_or_make(key, lambda: self._make(pick, size, window))

    def _make(self, pick: ControlPick, size: Size, window: Window | None) -> Pixels:
        image = on_ground(read_picture(self._pictures, pick.picture), "black" if pick.is_ready else "white")
        fitted = window.of(image, pick.fit).resize(size, Image.Resampling.LANCZOS) if window else image
        pixels = np.asarray(fit_to(fitted, size, pick.fit))
        if pick.needs_annotator:
            return self._annotators.see(pick.annotator_sha256, pixels)
        return control_picture(pixels, pick)
