"""Peak memory of an upscale to 4096 pixels a side against one to 2048, each in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

MIB = 2**20
SIDES = (2048, 4096)


def peak_memory(upscaler: str, side: int) -> float:
    """MiB at most of a process that enlarges a picture fourfold to `side` by "lanczos" or "network"."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks._enlarging", upscaler, str(side)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return float(run.stdout.split()[-1])


def measured() -> list[tuple[str, float, float, float]]:
    """For each upscaler: MiB for 2048, MiB for 4096, and their ratio, whose goal is 1.3."""
    rows = []
    for upscaler in ("lanczos", "network"):
        small, large = (peak_memory(upscaler, side) for side in SIDES)
        rows.append((upscaler, small, large, large / small))
    return rows


def enlarge(upscaler: str, side: int) -> None:
    import torch
    from PIL import Image

    from generation.engine.loading.checkpoints import FolderWeights
    from generation.engine.picturesource import GivenPictures
    from generation.engine.renderer import Renderer
    from generation.recipes.enlarging import LANCZOS, Enlarge
    from generation.recipes.picture import Recipe
    from generation.recipes.starting import PictureRef
    from generation.weightfiles.upscalers import UpscalerShape
    from tests.tiny_upscalers import tensors_of, write

    torch.set_num_threads(1)
    shape = UpscalerShape("rrdb", scale=4, features=64, blocks=1, growth=32, doublings=2)
    with tempfile.TemporaryDirectory() as folder:
        network = write(Path(folder) / "4x-net.safetensors", tensors_of(shape))
        source = Image.new("RGB", (side // 4, side // 4), "tomato")
        renderer = Renderer(FolderWeights({"net": network}), GivenPictures({"a" * 64: source}), device="cpu")
        picked = ("4x-net", "net") if upscaler == "network" else (LANCZOS, "")
        wanted = Enlarge(PictureRef("a" * 64, *source.size), 4, *picked)
        for _ in renderer.render(Recipe("", enlarge=wanted), deadline_seconds=3600):
            pass
        renderer.close()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        enlarge(sys.argv[1], int(sys.argv[2]))
    else:
        for name, small, large, ratio in measured():
            print(f"{name}: {small:.0f} MiB for 2048 px, {large:.0f} MiB for 4096 px, ratio {ratio:.2f} (goal 1.3)")
