"""A start in pixels: what is drawn in which size, and how it is put back onto the picture that it was taken from.

Pure: pictures in, pictures out. Latents and noise are the engine's.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generation.recipes.checks import InvalidRecipe
from generation.recipes.starting import Start

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels, as Pillow has them."""

DRAWN = 255
"""In a mask: drawn; 0 is kept."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """`frame` (H, W, 3) is what drawing begins at, in the recipe's size; `mask` (H, W) how much of it is drawn, 0 to 1.

    Without a mask all is drawn, and the result is the drawn picture. Else it is `ground` (h, w, 3), over which the
    drawn picture lies in `box` as far as `cover` (that of the box, 0 to 1) goes: where that is 0, no bit changes.
    """

    frame: Pixels
    mask: Floats | None
    ground: Pixels
    box: Box
    cover: Floats

    @property
    def drawn(self) -> NDArray[np.bool_] | None:
        """Which pixels of the result were drawn (h, w); None: all."""
        if self.mask is None:
            return None
        left, top, right, bottom = self.box
        drawn = np.zeros(self.ground.shape[:2], bool)
        drawn[top:bottom, left:right] = self.cover > 0
        return drawn

    def finished(self, drawn: Pixels) -> Pixels:
        """The result, from what was drawn (H, W, 3)."""
        if self.mask is None:
            return drawn
        left, top, right, bottom = self.box
        size = (right - left, bottom - top)
        over = np.asarray(Image.fromarray(drawn).resize(size, Image.Resampling.LANCZOS), np.float32)
        under = self.ground[top:bottom, left:right].astype(np.float32)
        result = self.ground.copy()
        mixed = under + self.cover[..., None] * (over - under)
        result[top:bottom, left:right] = mixed.round().astype(np.uint8)
        return result


def lay_out(start: Start, source: Image.Image, mask: Image.Image | None, size: tuple[int, int]) -> Canvas:
    """The canvas for a recipe of `size` (width, height). Raises InvalidRecipe for a mask with nothing to draw."""
    ground = _grown(on_white(source), start.grow)
    if not start.is_masked:
        frame = _fitted(ground, size, start.fit)
        return Canvas(frame, None, frame, (0, 0, *size), np.ones((size[1], size[0]), np.float32))
    drawn = _grown_mask(mask_of(mask) if mask else Image.new("L", source.size), start.grow)
    if not drawn.getbbox():
        raise InvalidRecipe("mask", "The mask is empty: paint what is to be drawn.", "empty-mask")
    if start.area == "masked":
        box = masked_box(drawn, start.padding, size)
        frame = np.asarray(ground.crop(box).resize(size, Image.Resampling.LANCZOS))
        values = _shares(drawn.crop(box).resize(size, Image.Resampling.BILINEAR))
        below, cover = np.asarray(ground), _cover(_shares(drawn), start.mask_blur)[box[1] : box[3], box[0] : box[2]]
    else:
        box, frame = (0, 0, *size), _fitted(ground, size, start.fit)
        values = _shares(Image.fromarray(_fitted(drawn, size, start.fit)))
        if not values.any():
            sentence = "Cut to this size, nothing of the mask is left: take the picture's own size, or another shape."
            raise InvalidRecipe("mask", sentence, "empty-mask")
        below, cover = frame, _cover(values, start.mask_blur)
    if start.masked_content == "fill":
        frame = filled(frame, values > 0)
    return Canvas(frame, values, below, box, cover)


def on_white(picture: Image.Image) -> Image.Image:
    """RGB, white where it was transparent."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")


def mask_of(picture: Image.Image) -> Image.Image:
    """The mask that a picture is: white is drawn, black and transparent are kept."""
    if not picture.has_transparency_data:
        return picture.convert("L")
    layered = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layered.size, "black"), layered).convert("L")


def masked_box(mask: Image.Image, padding: int, size: tuple[int, int]) -> Box:
    """The box of what is drawn with `padding` pixels around, widened to the proportions of `size` where there is room.

    It never leaves the mask's picture.
    """
    left, top, right, bottom = mask.getbbox() or (0, 0, *mask.size)
    left, top = max(left - padding, 0), max(top - padding, 0)
    right, bottom = min(right + padding, mask.width), min(bottom + padding, mask.height)
    ratio = size[0] / size[1]
    left, right = _widened(left, right, round((bottom - top) * ratio), mask.width)
    top, bottom = _widened(top, bottom, round((right - left) / ratio), mask.height)
    return left, top, right, bottom


def _widened(first: int, last: int, wanted: int, most: int) -> tuple[int, int]:
    """An interval with at least `wanted` pixels, around the same middle where it can, within 0 to `most`."""
    wanted = min(max(wanted, last - first), most)
    first = min(max((first + last - wanted) // 2, 0), most - wanted)
    return first, first + wanted


def _grown(picture: Image.Image, grow: tuple[int, int, int, int]) -> Image.Image:
    """With new ground at its sides, which repeats the pixels of the edge."""
    return Image.fromarray(_padded(np.asarray(picture), grow)) if any(grow) else picture


def _grown_mask(mask: Image.Image, grow: tuple[int, int, int, int]) -> Image.Image:
    """New ground is drawn."""
    left, top, _, _ = grow
    grown = Image.new("L", (mask.width + left + grow[2], mask.height + top + grow[3]), DRAWN)
    grown.paste(mask, (left, top))
    return grown


def _padded(pixels: Pixels, grow: tuple[int, int, int, int]) -> Pixels:
    left, top, right, bottom = grow
    return np.pad(pixels, ((top, bottom), (left, right), (0, 0)), mode="edge")


def _fitted(picture: Image.Image, size: tuple[int, int], fit: str) -> Pixels:
    """A picture or mask in the recipe's size; what `fill` adds repeats the edge, and is drawn where there is a mask."""
    mask = picture.mode == "L"
    sampling = Image.Resampling.BILINEAR if mask else Image.Resampling.LANCZOS
    (width, height), (across, down) = picture.size, size
    if fit == "stretch" or width * down == height * across:
        return np.asarray(picture.resize(size, sampling))
    if fit == "crop":
        scale = max(across / width, down / height)
        aside, above = (width - across / scale) / 2, (height - down / scale) / 2
        return np.asarray(picture.resize(size, sampling, (aside, above, width - aside, height - above)))
    scale = min(across / width, down / height)
    inner = picture.resize((max(round(width * scale), 1), max(round(height * scale), 1)), sampling)
    left, top = (across - inner.width) // 2, (down - inner.height) // 2
    bars = (left, top, across - inner.width - left, down - inner.height - top)
    return np.asarray(_grown_mask(inner, bars) if mask else _grown(inner, bars))


def _shares(mask: Image.Image) -> Floats:
    """(H, W) in 0..1."""
    return np.asarray(mask, np.float32) / np.float32(255)


def _cover(mask: Floats, blur: int) -> Floats:
    """How far the drawn covers what was there (H, W): the mask, fading within it to its edge over twice `blur` pixels.

    Inwards alone, since nothing outside of the mask may change.
    """
    inside = mask > 0
    if not blur or inside.all():
        return mask

    # Far from the edge nothing fades; only the box of what is drawn is looked at, with a pixel of what is kept around.
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    part = (slice(max(rows[0] - 1, 0), rows[-1] + 2), slice(max(columns[0] - 1, 0), columns[-1] + 2))
    cover = mask.copy()
    cover[part] *= np.minimum(_distances(inside[part]) / (2 * blur), 1)
    return cover


def _distances(inside: NDArray[np.bool_]) -> Floats:
    """How far each pixel (H, W) lies from the nearest one that is not inside, in pixels."""
    return np.asarray(cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def filled(pixels: Pixels, hole: NDArray[np.bool_]) -> Pixels:
    """(H, W, 3) whose hole (H, W) is filled smoothly with the colours around it; all hole: mid grey."""
    known = (~hole[..., None]).astype(np.float32)
    if not known.any():
        return np.full_like(pixels, 128)
    return np.where(hole[..., None], _spread(pixels * known, known).round().clip(0, 255).astype(np.uint8), pixels)


def _spread(colours: Floats, known: Floats) -> Floats:
    """Colours (H, W, 3), zero where `known` (H, W, 1) is, filled from their mean over ever larger squares."""
    if known.all():
        return colours
    height, width = known.shape[:2]
    even = ((0, height % 2), (0, width % 2), (0, 0))
    halves = [np.pad(each, even).reshape((height + 1) // 2, 2, (width + 1) // 2, 2, -1) for each in (colours, known)]
    sums, counts = (each.sum((1, 3)) for each in halves)
    smaller = _spread(sums / np.maximum(counts, 1), (counts > 0).astype(np.float32))
    wider = [Image.fromarray(smaller[..., at]).resize((width, height), Image.Resampling.BILINEAR) for at in range(3)]
    spread: Floats = colours + (1 - known) * np.stack([np.asarray(each) for each in wider], -1)
    return spread
