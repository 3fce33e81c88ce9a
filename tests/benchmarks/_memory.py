"""Whether memory stays flat while checkpoints and LoRAs come and go."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import psutil
import torch
from diffusers import UNet2DConditionModel

from generation.engine.loading.checkpoints import FolderWeights
from generation.engine.renderer import Renderer
from generation.recipes.picture import LoraPick, Recipe
from tests.benchmarks._requests import FOUR_SAMPLERS, burst
from tests.tiny_loras import random_pairs, write_lora
from tests.tiny_weights import tiny_checkpoint

CHECKPOINTS = 3
LORAS = 20
AT_ONCE = 5
WARM_RENDERS = 50


def growth_over(renders: int) -> float:
    """Resident memory at its highest after the first 50 renders to what it was then, minus one.

    Budgets hold two of three checkpoints and half of the LoRAs, so that both are evicted all the time.
    """
    with tempfile.TemporaryDirectory() as folder:
        weights, one_lora = many_weights(Path(folder))
        renderer = Renderer(
            weights, device="cpu", threads=1, checkpoint_budget_bytes=110 * 2**20, lora_budget_bytes=10 * one_lora
        )
        rng, resident, process = random.Random(0), [], psutil.Process()
        for start in range(0, renders, AT_ONCE):
            burst(renderer, [some_recipe(rng) for _ in range(AT_ONCE)])
            if start + AT_ONCE >= WARM_RENDERS:
                resident.append(process.memory_info().rss)
        renderer.close()
    return float(max(resident) / resident[0] - 1)


def many_weights(folder: Path) -> tuple[FolderWeights, int]:
    checkpoints = {f"checkpoint-{seed}": tiny_checkpoint("sd1", seed) for seed in range(CHECKPOINTS)}
    unet = UNet2DConditionModel.from_pretrained(checkpoints["checkpoint-0"] / "unet", dtype=torch.float32)
    loras = {
        f"lora-{seed}": write_lora(folder / f"lora-{seed}.safetensors", "kohya", unet=random_pairs(unet, seed=seed))
        for seed in range(LORAS)
    }
    return FolderWeights({**checkpoints, **loras}), loras["lora-0"].stat().st_size


def some_recipe(rng: random.Random) -> Recipe:
    names = rng.sample([f"lora-{seed}" for seed in range(LORAS)], rng.randint(0, 3))
    return Recipe(
        prompt=rng.choice(["a cat", "a dog", "a red car"]),
        width=64,
        height=64,
        steps=rng.choice([1, 2, 3]),
        seed=rng.randrange(2**32),
        cfg_scale=rng.choice([1.0, 5.0]),
        sampler=rng.choice(FOUR_SAMPLERS),
        checkpoint_sha256=f"checkpoint-{rng.randrange(CHECKPOINTS)}",
        loras=tuple(LoraPick(name, rng.choice([0.5, 1.0, -0.5]), sha256=name) for name in names),
    )
