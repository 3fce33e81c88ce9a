"""A mask grown from clicks and a rough box, by colour alone (GrabCut): no weights, and a fraction of a second.

Pure: arrays in, arrays out. Where there is a network that sees things (SAM), the worker asks it instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from generation.imaging.clicks import Box, Click, check_selection

Array = NDArray[np.uint8]

FULL_SIDE = 2048
"""The longer side up to which edges follow every pixel; in larger pictures they follow every few."""
CUT_SIDE = 256
"""The longer side in pixels at which the graph is cut; the edge is refined in the whole picture."""
ROUNDS = 3
CLICK_RADIUS = 0.015
"""Of the longer side: what surely belongs to a click."""
STEP_LEVELS, SAME_LEVELS = 8, 12
"""Of 255: how far colours may lie apart from one pixel to the next, and from the click, to belong to it."""
REACH = 0.35
"""Of the longer side: as far from a click things are looked for where there is no box."""
EDGE_RADIUS = 6
"""Pixels of the cut picture over which its edge is fitted to the edges of the whole one."""
EDGE_SOFTNESS = 1e-4


def select(pixels: Array, clicks: Sequence[Click], box: Box | None = None) -> Array:
    """The mask (height, width) of what was clicked or lies in the box: 255 selected, 0 not.

    `pixels` is RGB (height, width, 3). Raises Refusal as `check_selection`.
    """
    height, width = pixels.shape[:2]
    check_selection(clicks, box, (width, height))
    if (share := FULL_SIDE / max(height, width)) < 1:
        small = cv2.resize(pixels, (round(width * share), round(height * share)), interpolation=cv2.INTER_AREA)
        mask = select(_array(small), _scaled_clicks(clicks, (share, share)), _scaled_box(box, (share, share)))
        return _array(cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST))
    ratio = min(1.0, CUT_SIDE / max(height, width))
    size = (max(8, round(width * ratio)), max(8, round(height * ratio)))
    small = _array(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    scale = (size[0] / width, size[1] / height)
    guess = _guess(small, _scaled_clicks(clicks, scale), _scaled_box(box, scale))
    selected = _cut(small, guess)
    kept = _clicked_parts(selected, _scaled_clicks(clicks, scale))
    return _refined(pixels, small, kept)


def _array(pixels: NDArray[Any]) -> Array:
    return np.asarray(pixels, dtype=np.uint8)


def _scaled_clicks(clicks: Sequence[Click], scale: tuple[float, float]) -> list[Click]:
    return [Click(click.x * scale[0], click.y * scale[1], click.keeps) for click in clicks]


def _scaled_box(box: Box | None, scale: tuple[float, float]) -> Box | None:
    across, down = scale
    return Box(box.left * across, box.top * down, box.right * across, box.bottom * down) if box else None


def _guess(small: Array, clicks: Sequence[Click], box: Box | None) -> Array:
    """What is known before the cut, in OpenCV's words for surely or probably before or behind."""
    height, width = small.shape[:2]
    guess = np.full((height, width), cv2.GC_BGD if box else cv2.GC_PR_BGD, np.uint8)
    if box:
        left, top = int(box.left), int(box.top)
        guess[top : max(top + 1, round(box.bottom)), left : max(left + 1, round(box.right))] = cv2.GC_PR_FGD
    else:
        for click in clicks:
            if click.keeps:
                guess[_flooded(small, click, STEP_LEVELS) & (guess == cv2.GC_PR_BGD)] = cv2.GC_PR_FGD
                guess[_flooded(small, click, SAME_LEVELS, cv2.FLOODFILL_FIXED_RANGE)] = cv2.GC_FGD
        _fade_out(guess, clicks)
    radius = max(1, round(CLICK_RADIUS * max(height, width)))
    for click in clicks:
        sure = cv2.GC_FGD if click.keeps else cv2.GC_BGD
        if not click.keeps:
            guess[_flooded(small, click, SAME_LEVELS, cv2.FLOODFILL_FIXED_RANGE)] = sure
        cv2.circle(guess, (int(click.x), int(click.y)), radius, int(sure), -1)
    return guess


def _flooded(small: Array, click: Click, levels: int, how: int = 0) -> NDArray[np.bool_]:
    """What hangs together with a click and is nearly of its colour; by steps from pixel to pixel, or in all."""
    flooded = np.zeros((small.shape[0] + 2, small.shape[1] + 2), np.uint8)
    place, near = (int(click.x), int(click.y)), (levels,) * 3
    cv2.floodFill(small.copy(), flooded, place, 0, near, near, 4 | cv2.FLOODFILL_MASK_ONLY | how)
    return flooded[1:-1, 1:-1].astype(bool)


def _fade_out(guess: Array, clicks: Sequence[Click]) -> None:
    """Without a box, what is far from every click is behind; else there would be no ground to tell things from."""
    height, width = guess.shape
    rows, columns = np.mgrid[:height, :width]
    reach = REACH * max(height, width)
    near = np.zeros(guess.shape, bool)
    for click in clicks:
        if click.keeps:
            near |= (columns - click.x) ** 2 + (rows - click.y) ** 2 < reach**2
    guess[~near & (guess == cv2.GC_PR_BGD)] = cv2.GC_BGD


def _cut(small: Array, guess: Array) -> Array:
    """1 where it is selected, else 0. Where nothing can be behind or before, there is nothing to cut."""
    before = np.isin(guess, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if before.all() or not before.any():
        return before.astype(np.uint8)
    cut = guess.copy()
    # OpenCV begins its groups of colours by chance; the same clicks are to give the same mask.
    cv2.setRNGSeed(0)
    groups = (np.zeros((1, 65)), np.zeros((1, 65)))
    cv2.grabCut(small, cut, None, *groups, ROUNDS, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    return np.isin(cut, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)


def _clicked_parts(selected: Array, clicks: Sequence[Click]) -> Array:
    """Of the parts that do not hang together, those with a click; all of them where only a box was drawn."""
    kept = [click for click in clicks if click.keeps]
    if not kept:
        return selected
    _, parts = cv2.connectedComponents(selected, connectivity=8)
    wanted = {int(parts[int(click.y), int(click.x)]) for click in kept} - {0}
    return np.isin(parts, list(wanted)).astype(np.uint8)


def _refined(pixels: Array, small: Array, selected: Array) -> Array:
    """The small mask in full size, its edge along the edges of the picture (a guided filter, He et al. 2010).

    The filter's coefficients are found in the small picture and used in the large one, which costs little.
    """
    height, width = pixels.shape[:2]
    guide = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    mask = selected.astype(np.float32)
    side = (2 * EDGE_RADIUS + 1,) * 2
    mean_guide, mean_mask = cv2.blur(guide, side), cv2.blur(mask, side)
    slope = (cv2.blur(guide * mask, side) - mean_guide * mean_mask) / (
        cv2.blur(guide * guide, side) - mean_guide**2 + EDGE_SOFTNESS
    )
    offset = mean_mask - slope * mean_guide
    slope, offset = (cv2.resize(cv2.blur(each, side), (width, height)) for each in (slope, offset))
    full = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    soft = slope * full + offset
    # Far from its edge the cut is right, whatever the filter makes of a texture there.
    blurred = cv2.resize(cv2.blur(mask, side), (width, height))
    soft = np.where(blurred > 0.98, 1.0, np.where(blurred < 0.02, 0.0, soft))
    return np.where(soft > 0.5, 255, 0).astype(np.uint8)
