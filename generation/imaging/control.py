"""Control pictures made of any picture, without weights: edges, lines, scribbles, light. Pure: arrays in, arrays out.

All are white on black, as ControlNets were taught. What needs a network (depth, poses) is the engine's `control`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generation.recipes.controls import READY, ControlPick

Array = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""

LINE_WIDTH = 6.0
"""The blur, in pixels, that is taken as the ground of which lines stand out."""
SCRIBBLE_WIDTHS = (0.5, 5.0)
SCRIBBLE_LEVELS = 16
"""By how much the finer blur must be darker than the coarser for a stroke."""
USUAL_LINE, STEADY_LEVELS = 200, 8
"""How white a line of a picture's usual strength is, and by how many levels what is no line may be darker."""
DETAIL = 4
"""Times a side: what is smaller than so many pixels is left out of a tile."""


def control_picture(pixels: Array, pick: ControlPick) -> Array:
    """What a ControlNet reads of a picture in the recipe's size, by a preprocessor of `recipes.controls`."""
    if pick.preprocessor == "canny":
        low, high = sorted((pick.low, pick.high))
        return _white_lines(cv2.Canny(pixels, low, high))
    return _PREPROCESSORS[pick.preprocessor](pixels)


def on_ground(image: Image.Image, colour: str) -> Image.Image:
    """RGB, with a colour where it is transparent: white, or black for what is a control picture already."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    transparent = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", transparent.size, colour), transparent).convert("RGB")


def fit_to(image: Image.Image, size: tuple[int, int], fit: str) -> Image.Image:
    """The picture in `size` (width, height): cropped at its middle, stretched, or filled up with its edge's pixels."""
    if image.size == size or fit == "stretch":
        return image.resize(size, Image.Resampling.LANCZOS) if image.size != size else image
    ratios = (size[0] / image.width, size[1] / image.height)
    ratio = max(ratios) if fit == "crop" else min(ratios)
    width, height = (max(1, round(side * ratio)) for side in image.size)
    resized = image.resize((width, height), Image.Resampling.LANCZOS)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    if fit == "crop":
        return resized.crop((-left, -top, size[0] - left, size[1] - top))
    right, bottom = size[0] - width - left, size[1] - height - top
    return Image.fromarray(np.pad(np.asarray(resized), ((top, bottom), (left, right), (0, 0)), mode="edge"))


def lines(pixels: Array) -> Array:
    """Where a pixel is darker than its surroundings, by how much: a difference of Gaussians, made even over pictures.

    The line's strength is relative to what is usual in this picture, so that faint drawings are seen as well.
    """
    ground = cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), LINE_WIDTH)
    darker = np.clip((ground - pixels).min(axis=2), 0, 255)
    seen = darker[darker > STEADY_LEVELS]
    usual = max(16.0, float(np.median(seen))) if seen.size else 16.0
    return _white_lines(np.clip(darker / usual * USUAL_LINE, 0, 255).astype(np.uint8))


def scribble(pixels: Array) -> Array:
    """Strokes where a fine blur is darker than a coarse one by a few levels: a difference of Gaussians, cut in two."""
    fine, coarse = (cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), width) for width in SCRIBBLE_WIDTHS)
    darker = (coarse - fine).min(axis=2)
    return _white_lines(np.where(darker > SCRIBBLE_LEVELS, 255, 0).astype(np.uint8))


def tile(pixels: Array) -> Array:
    """The picture without detail of a few pixels, in its own size."""
    height, width = pixels.shape[:2]
    small = (max(1, width // DETAIL), max(1, height // DETAIL))
    coarse = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
    return _array(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


def luminance(pixels: Array) -> Array:
    """How light each pixel looks (L of CIE L*a*b*), as grey."""
    return _white_lines(cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)[..., 0])


def _white_lines(grey: NDArray[np.generic]) -> Array:
    """One channel (height, width) as three."""
    return _array(np.repeat(grey[..., None], 3, axis=2))


def _array(pixels: NDArray[np.generic]) -> Array:
    return np.ascontiguousarray(pixels, dtype=np.uint8)


_PREPROCESSORS: Mapping[str, Callable[[Array], Array]] = {
    READY: lambda pixels: pixels,
    "lines": lines,
    "scribble": scribble,
    "tile": tile,
    "luminance": luminance,
    "invert": lambda pixels: 255 - pixels,
}
