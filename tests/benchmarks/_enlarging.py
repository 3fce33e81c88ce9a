"""The memory that an upscale to 4096 pixels a side takes at most, against one to 2048.

Each in a process of its own that does what a worker does: it draws the picture and makes the files that are kept. Tiles
are drawn over by tiny weights, so that pixels are counted and not a checkpoint.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from generation.engine.loading.checkpoints import FolderWeights
from generation.engine.outcome import Pixels
from generation.engine.picturesource import GivenPictures
from generation.engine.renderer import Renderer
from generation.recipes.enlarging import LANCZOS, Enlarge
from generation.recipes.starting import PictureRef
from generation.weightfiles.upscalers import UpscalerShape
from tests.benchmarks._requests import figure
from tests.renders import draw, recipe
from tests.tiny_upscalers import tensors_of, write
from tests.tiny_weights import tiny_checkpoint

SIDES = (2048, 4096)
MOST_TIMES = 1.3
WAYS = {"lanczos": "by Lanczos", "network": "by a network", "drawn-over": "by Lanczos, drawn over in tiles of 512 px"}
NETWORK = UpscalerShape("rrdb", scale=4, features=64, blocks=1, growth=32, doublings=2)
SOURCE = "a" * 64


def memory() -> list[dict[str, Any]]:
    rows = []
    for way, words in WAYS.items():
        small, large = (peak_memory(way, side) for side in SIDES)
        ratio = large / small
        what = f"an upscale to {SIDES[1]} px {words}: peak memory"
        rows += [
            figure(what, large, "MiB"),
            figure(f"the same to that of {SIDES[0]} px", ratio, "x", f"<= {MOST_TIMES}", ratio <= MOST_TIMES),
        ]
    return rows


def peak_memory(way: str, side: int) -> float:
    """MiB at most of a process that enlarges a picture fourfold to `side` in one of WAYS."""
    command = [sys.executable, "-m", "tests.benchmarks._enlarging", way, str(side)]
    with tempfile.TemporaryDirectory(prefix="tempera-memory-") as folder:
        settings = {"DATA_DIR": folder, "DATABASE_URL": "", "LOG_LEVEL": "ERROR"}
        done = subprocess.run(command, env={**os.environ, **settings}, check=True, stdout=subprocess.PIPE)
    return float(done.stdout.split()[-1])


def main(way: str, side: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from generation.storage.marks import marked
    from generation.storage.thumbnails import thumbnails_of

    torch.set_num_threads(1)
    pixels = enlarged(way, side)
    kept = marked(pixels)
    kept.png("")
    thumbnails_of(kept)
    print(own_peak())


def enlarged(way: str, side: int) -> Pixels:
    small = side // 4
    source = Image.fromarray(np.random.default_rng(0).integers(0, 256, (small, small, 3), np.uint8))
    network = write(Path(os.environ["DATA_DIR"]) / "4x-net.safetensors", tensors_of(NETWORK))
    weights = FolderWeights({"net": network, "sd1": tiny_checkpoint("sd1")})
    picked = ("4x-net", "net") if way == "network" else (LANCZOS, "")
    strength = 0.3 if way == "drawn-over" else 0.0
    wanted = Enlarge(PictureRef(SOURCE, small, small), 4, *picked, strength=strength)
    renderer = Renderer(weights, GivenPictures({SOURCE: source}), device="cpu")
    try:
        return draw(renderer, recipe(width=512, height=512, enlarge=wanted), deadline_seconds=3600)[0]
    finally:
        renderer.close()


def own_peak() -> float:
    """MiB. What `getrusage` tells begins with what the process had that started this one."""
    highest = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
    assert highest is not None
    return int(highest[1]) / 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
