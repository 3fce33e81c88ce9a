"""How exactly a picture comes back from its noise: inverted and drawn again with the same words, CFG 1 and 50 steps.

Against what the VAE makes of the picture, since no latents tell more of it than that.
"""

from __future__ import annotations

import math
from contextlib import closing
from typing import Any

import numpy as np
from PIL import Image

from generation.engine.outcome import Pixels
from generation.engine.picturesource import GivenPictures
from generation.engine.renderer import Renderer
from generation.recipes.inversion import Inversion, Inverted
from generation.recipes.picture import Recipe
from generation.recipes.starting import PictureRef, Start
from tests.benchmarks._palette import PROMPTS
from tests.renders import draw, every_weight

Rows = list[dict[str, Any]]
LEAST_PSNR = 30.0
SHOWN = PROMPTS[:8]


def inversion() -> Rows:
    with closing(Renderer(every_weight(), device="cpu", threads=1)) as plain:
        drawn = {prompt: draw(plain, usual(prompt))[0] for prompt in SHOWN}
    refs = {prompt: PictureRef(f"{place:064x}", 128, 128) for place, prompt in enumerate(SHOWN)}
    pictures = {refs[prompt].sha256: Image.fromarray(pixels) for prompt, pixels in drawn.items()}
    with closing(Renderer(every_weight(), GivenPictures(pictures), device="cpu", threads=1)) as renderer:
        with_words = [returned(renderer, prompt, refs[prompt], prompt) for prompt in SHOWN]
        without = [returned(renderer, prompt, refs[prompt], "") for prompt in SHOWN]
    return [
        row("inverted and redrawn with its own words, the worst of 8", min(with_words)),
        {"what": "the same, the median", "value": float(np.median(with_words)), "unit": "dB"},
        {"what": "inverted with no words, redrawn with its own, the median", "value": float(np.median(without)),
         "unit": "dB"},
    ]  # fmt: skip


def usual(prompt: str) -> Recipe:
    return Recipe(prompt, width=128, height=128, steps=20, cfg_scale=4.0, seed=7, checkpoint_sha256="mini")


def returned(renderer: Renderer, prompt: str, picture: PictureRef, shows: str) -> float:
    """PSNR in decibels."""
    back = usual(prompt).replace(steps=50, cfg_scale=1.0, sampler="DDIM")
    made = draw(renderer, back.replace(inversion=Inversion(Inverted(picture, shows))))[0]
    return psnr(made, draw(renderer, usual(prompt).replace(start=Start(picture, 0.0)))[0])


def psnr(first: Pixels, second: Pixels) -> float:
    error = float(((first.astype(float) - second) ** 2).mean())
    return 10 * math.log10(255**2 / error) if error else math.inf


def row(what: str, value: float) -> dict[str, Any]:
    return {"what": what, "value": value, "unit": "dB", "goal": "at least 30", "holds": value >= LEAST_PSNR}
