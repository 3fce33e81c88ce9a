"""How long somebody waits for a mask by colour after a click, a box or both, on a picture of 1024 px: CPU seconds."""

from __future__ import annotations

import io
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from generation.engine.previews import _drawn_pictures
from generation.imaging.clicks import Box, Click
from generation.imaging.selecting import Array, select
from tests.benchmarks._requests import cpu_seconds, figure

SIDE, TIMES = 1024, 5
MOST_SECONDS = 0.5
ASKED: dict[str, tuple[list[Click], Box | None]] = {
    "a click": ([Click(SIDE / 2, SIDE / 2)], None),
    "a box": ([], Box(SIDE / 4, SIDE / 4, SIDE * 3 / 4, SIDE * 3 / 4)),
    "a box and clicks": (
        [Click(SIDE / 2, SIDE / 2), Click(SIDE * 0.4, SIDE / 2), Click(SIDE * 0.3, SIDE * 0.3, keeps=False)],
        Box(SIDE / 4, SIDE / 4, SIDE * 3 / 4, SIDE * 3 / 4),
    ),
}


def selecting() -> list[dict[str, Any]]:
    """The slowest of the pictures for each way to ask, its PNG read and the mask's written."""
    files = {name: png_of(pixels) for name, pixels in pictures().items()}
    rows = []
    for what, (clicks, box) in ASKED.items():
        taken = {
            name: median(cpu_seconds(lambda: answer(file, clicks, box)) for _ in range(TIMES))  # noqa: B023
            for name, file in files.items()
        }
        slowest = max(taken, key=taken.__getitem__)
        words = f"a mask by colour after {what}, {SIDE} px ({slowest}, the slowest of {len(files)})"
        rows.append(figure(words, taken[slowest], "s", f"under {MOST_SECONDS}", taken[slowest] < MOST_SECONDS))
    return rows


def pictures() -> dict[str, Array]:
    """Clear shapes on white and on colours, a disc of one grain on ground of another, and mere noise."""
    on_white, on_colours = ((255 * each.transpose(1, 2, 0)).astype(np.uint8) for each in _drawn_pictures(2, SIDE))
    random = np.random.default_rng(7)
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    inside = np.hypot(rows, columns)[..., None] < SIDE / 5
    grain = random.normal(0, 30, (SIDE, SIDE, 1)) + random.normal(0, 12, (SIDE, SIDE, 3))
    grainy = np.where(inside, (150, 100, 80), (90, 120, 90)) + grain
    return {
        "shapes on white": on_white,
        "shapes on colours": on_colours,
        "a grainy disc": grainy.clip(0, 255).astype(np.uint8),
        "noise": random.integers(0, 256, (SIDE, SIDE, 3), np.uint8),
    }


def png_of(pixels: Array) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def answer(file: bytes, clicks: list[Click], box: Box | None) -> None:
    png_of(select(np.asarray(Image.open(io.BytesIO(file))), clicks, box))
