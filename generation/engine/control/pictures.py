"""From a recipe's picture to what a ControlNet reads: by preprocessors without weights, or by an annotator."""

from __future__ import annotations

import threading

import numpy as np

from generation.engine.control.annotators import Annotators
from generation.engine.lru_cache import LruCache
from generation.engine.outcome import Pixels
from generation.engine.picturesource import PictureSource
from generation.imaging.control import control_picture, fit_to, on_ground
from generation.recipes.controls import ControlPick

KEPT_BYTES = 64 * 2**20

Key = tuple[str, str, str, int, int, str, tuple[int, int]]


class ControlPictures:
    """Control pictures by what decides them, kept for the siblings of a submission. Thread-safe."""

    def __init__(self, pictures: PictureSource, annotators: Annotators) -> None:
        self._pictures = pictures
        self._annotators = annotators
        self._kept: LruCache[Key, Pixels] = LruCache(KEPT_BYTES, lambda pixels: pixels.nbytes)
        self._making = threading.Lock()

    def of(self, pick: ControlPick, size: tuple[int, int]) -> Pixels:
        """RGB (height, width, 3) in `size` (width, height). Raises RenderError."""
        key = (pick.picture.sha256, pick.preprocessor, pick.annotator_sha256, pick.low, pick.high, pick.fit, size)
        # Siblings begin at once: the first makes it, the others find it.
        with self._making:
            return self._kept.get_or_make(key, lambda: self._make(pick, size))

    def _make(self, pick: ControlPick, size: tuple[int, int]) -> Pixels:
        image = self._pictures.read(pick.picture.sha256)
        if not pick.needs_annotator:
            return control_picture(image, pick, size)
        fitted = fit_to(on_ground(image, "white"), size, pick.fit)
        return self._annotators.see(pick.annotator_sha256, np.asarray(fitted))
