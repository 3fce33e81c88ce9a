"""What the marks of a picture cost (watermark, fingerprint, signature), against the time that drawing it takes.

The picture is one of 512 × 512 by the bundled checkpoint, by far the smallest that anybody draws with: against any
other the share is smaller. CPU seconds on one thread.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from tests.benchmarks._requests import figure

SIDE, TIMES = 512, 15
MOST_SHARE = 3.0


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="tempera-marks-") as folder:
        os.environ.update(DATA_DIR=folder, DATABASE_URL="")
        import django

        django.setup()
        return measured()


def measured() -> list[dict[str, Any]]:
    import torch

    from generation.engine.renderer import Renderer
    from generation.imaging.encode import encode_image, rgb_image, thumbnail
    from generation.imaging.pdq import pdq_hash
    from generation.imaging.watermark import embed, extract
    from generation.recipes.picture import Recipe
    from generation.storage.marks import marked
    from generation.storage.signing import sign
    from tests.renders import draw, every_weight

    torch.set_num_threads(1)
    renderer = Renderer(every_weight(), device="cpu", threads=1)
    recipe = Recipe("a red apple", "", SIDE, SIDE, 20, 4.0, seed=7, checkpoint_sha256="mini")
    try:
        draw(renderer, recipe.replace(steps=2))
        drawing = seconds(lambda: draw(renderer, recipe), 1)
    finally:
        renderer.close()
    pixels = np.random.default_rng(7).normal(128, 40, (SIDE, SIDE, 3)).clip(0, 255).astype(np.uint8)
    picture = rgb_image(pixels)
    png, small = encode_image(picture, "png"), thumbnail(picture, 640)
    sign(png, "png")
    parts = {
        "watermark": seconds(lambda: embed(picture, 7)),
        "fingerprint (PDQ)": seconds(lambda: pdq_hash(picture)),
        "signatures of the PNG and the small copy": seconds(lambda: (sign(png, "png"), sign(small, "webp"))),
    }
    share = 100 * sum(parts.values()) / drawing
    found = embed(picture, 7)
    return [
        figure(f"drawing {SIDE} × {SIDE}, 20 steps, bundled checkpoint", drawing, "s"),
        *(figure(what, 1000 * spent, "ms") for what, spent in parts.items()),
        figure("all marks against the drawing", share, "%", f"under {MOST_SHARE:g}", share < MOST_SHARE),
        figure("keeping a picture with its marks", 1000 * seconds(lambda: marked(pixels).png("a")), "ms"),
        figure("reading a watermark", 1000 * seconds(lambda: extract(found), 3), "ms"),
        figure("finding that there is none", 1000 * seconds(lambda: extract(picture), 3), "ms"),
    ]


def seconds(act: Callable[[], object], times: int = TIMES) -> float:
    """The median CPU time of an act, of all threads together."""
    took = []
    for _ in range(times):
        start = time.process_time()
        act()
        took.append(time.process_time() - start)
    return median(took)
