"""Palettes: how near pictures of the bundled checkpoint come to theirs, and what a nudge costs of a step.

20 prompts with equal seeds, with a palette and without; the sheet of both goes to PALETTE_SHEET, if that is set, to be
looked at: the subject has to stay what it is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from generation.engine.denoising import DenoisedPrediction
from generation.engine.loading.layouts import load_components
from generation.engine.palette import ColourMap, PaletteGuide
from generation.engine.previews import preview_map
from generation.engine.renderer import Renderer
from generation.imaging.gridsheet import PlacedCell, PlacedSheet, draw_grid
from generation.recipes.palette import STRENGTH, Palette
from generation.recipes.picture import Recipe
from tests.benchmarks._sd15 import random_sd15
from tests.renders import draw, every_weight
from tests.tiny_weights import BUNDLED_CHECKPOINT

Rows = list[dict[str, Any]]
Floats = NDArray[np.float64]

PROMPTS = (
    "an apple", "a car", "a birthday cake", "a rocket", "a heart", "a smiling face with sunglasses", "a frog", "a cat",
    "a dog", "a house", "a tree", "a banana", "a fish", "an umbrella", "a crown", "a guitar", "a pizza", "a bicycle",
    "a butterfly", "a mushroom",
)  # fmt: skip
PALETTES = (
    ("#00a6ed", "#321b41", "#cdc4d6"),
    ("#f8312f", "#fcd53f", "#ffffff"),
    ("#8d65c5", "#ff8687", "#ffdea7"),
    ("#00d26a", "#44911b", "#ffffff"),
)
"""Of colours that the checkpoint has seen, and that name none of the prompts' subjects."""
REPEATS = 60


def colours() -> Rows:
    plain, coloured, cells = [], [], []
    with closing(Renderer(every_weight(), device="cpu", threads=1)) as renderer:
        for place, prompt in enumerate(PROMPTS):
            palette = Palette(PALETTES[place % len(PALETTES)])
            wanted = Recipe(
                prompt, width=128, height=128, steps=20, cfg_scale=4.0, seed=100 + place, checkpoint_sha256="mini"
            )
            without, within = (draw(renderer, wanted.replace(palette=each))[0] for each in (None, palette))
            plain.append(distance(without, palette))
            coloured.append(distance(within, palette))
            strip = Image.new("RGB", (128, 128))
            for at, colour in enumerate(palette.colours):
                strip.paste(colour, (at * 128 // 3, 0, (at + 1) * 128 // 3 + 1, 128))
            cells += [
                PlacedCell(strip, prompt),
                PlacedCell(Image.fromarray(without), f"{plain[-1]:.1f}"),
                PlacedCell(Image.fromarray(within), f"{coloured[-1]:.1f}"),
            ]
    if sheet := os.environ.get("PALETTE_SHEET"):
        rows = [cells[at : at + 12] for at in range(0, len(cells), 12)]
        draw_grid([PlacedSheet(rows, columns=("Palette", "Off", "On") * 4)]).save(Path(sheet))
    off, on = float(np.mean(plain)), float(np.mean(coloured))
    lower = 1 - on / off
    return [
        {"what": f"mean CIEDE2000 to the palette, off, {len(PROMPTS)} prompts", "value": off, "unit": "ΔE"},
        {"what": f"the same with it, strength {STRENGTH.default:g}", "value": on, "unit": "ΔE"},
        {
            "what": "lower by", "value": 100 * lower, "unit": "%", "goal": "at least 40 %", "holds": lower >= 0.4,
        },
    ]  # fmt: skip


def distance(pixels: NDArray[np.uint8], palette: Palette) -> float:
    """The mean over all pixels of CIEDE2000 to the nearest colour of the palette."""
    lab = lab_of(pixels.reshape(-1, 3))
    return float(np.min([ciede2000(lab, lab_of(np.array([rgb]))) for rgb in palette.rgb], axis=0).mean())


def lab_of(rgb: NDArray[Any]) -> Floats:
    """sRGB (n, 3), 0..255, to CIELAB (n, 3) with D65."""
    share = rgb.astype(float) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    xyz = linear @ np.array(
        [[0.4124564, 0.2126729, 0.0193339], [0.3575761, 0.7151522, 0.119192], [0.1804375, 0.072175, 0.9503041]]
    )
    ratio = xyz / np.array([0.95047, 1.0, 1.08883])
    root = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.stack([116 * root[:, 1] - 16, 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])], axis=1)


def ciede2000(first: Floats, second: Floats) -> Floats:
    """(n,) differences of (n, 3) and (n or 1, 3) in CIELAB (Sharma, Wu and Dalal 2005)."""
    (l1, a1, b1), (l2, a2, b2) = first.T, second.T
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(chroma**7 / (chroma**7 + 25.0**7)))
    c1, c2 = np.hypot((1 + g) * a1, b1), np.hypot((1 + g) * a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, (1 + g) * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    grey = c1 * c2 == 0
    turn = np.where(grey, 0, (h2 - h1 + 180) % 360 - 180)
    dl, dc, dh = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    lightness, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    mean_h = np.where(grey, h1 + h2, (h1 + turn / 2) % 360)
    t = (
        1
        - 0.17 * np.cos(np.radians(mean_h - 30))
        + 0.24 * np.cos(np.radians(2 * mean_h))
        + 0.32 * np.cos(np.radians(3 * mean_h + 6))
        - 0.20 * np.cos(np.radians(4 * mean_h - 63))
    )
    sl = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    sc, sh = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    rotation = 60 * np.exp(-(((mean_h - 275) / 25) ** 2))
    rt = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)) * np.sin(np.radians(rotation))
    result: Floats = np.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rt * (dc / sc) * (dh / sh))
    return result


def nudge() -> Rows:
    """A nudge beside a guided UNet call of the same size: processor seconds of one thread."""
    torch.set_num_threads(1)
    with random_sd15() as folder:
        rows = cost_of("SD 1.5-sized UNet, 64×64 latents", folder, "sd1", 64, repeats=2, most=2.0)
    return cost_of("bundled UNet, 16×16 latents", BUNDLED_CHECKPOINT, "mini", 16, repeats=REPEATS, most=5.0) + rows


def cost_of(what: str, folder: Path, family: str, side: int, *, repeats: int, most: float) -> Rows:
    with torch.inference_mode():
        parts = load_components(folder, device=torch.device("cpu"), dtype=torch.float32)
        width = parts.unet.config.cross_attention_dim
        latents, text = torch.randn(2, 4, side, side), torch.randn(2, 77, width)
        colours = ColourMap.of(preview_map(family, parts.vae), 4, torch.device("cpu"))
        guide = PaletteGuide(Palette(("#c2412d", "#f2a93b", "#1e6b6b", "#0d2b45", "#faf3e3")), colours)
        denoised = DenoisedPrediction(latents[:1], latents[1:], 0.5, "epsilon")
        step = seconds(lambda: parts.unet(latents, 500, encoder_hidden_states=text), repeats)
        change = seconds(lambda: denoised.moved(guide.change(denoised.latents(), 0.7)), REPEATS)
    share = 100 * change / step
    return [
        {"what": f"{what}: one guided call", "value": 1000 * step, "unit": "ms"},
        {
            "what": f"{what}: a nudge of it", "value": share, "unit": "%", "goal": f"under {most:g} %",
            "holds": share < most,
        },
    ]  # fmt: skip


def seconds(call: Callable[[], object], repeats: int) -> float:
    call()
    times = []
    for _ in range(repeats):
        started = time.thread_time()
        call()
        times.append(time.thread_time() - started)
    return median(times)
