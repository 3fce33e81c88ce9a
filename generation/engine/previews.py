"""Previews: a linear map from predicted latents to small RGB pictures, from a table or fitted to a VAE; no encoding."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from generation.engine.outcome import Pixels

FITTED_SCALE = 2
"""Preview pixels a latent pixel gives in each direction where the map is fitted."""

SAMPLES = 24
SAMPLE_LATENT_SIDE = 12
RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class LinearMap:
    """`matrix` (features + 1, 3 * scale**2) takes a latent pixel and its neighbours within `reach` to RGB in 0..1."""

    matrix: Tensor
    reach: int
    scale: int

    def __call__(self, latents: Tensor) -> Pixels:
        """(1, C, h, w) scaled latents to uint8 RGB (h * scale, w * scale, 3)."""
        features = _neighbourhoods(latents.to(self.matrix.device, torch.float32), self.reach)
        rgb = (features @ self.matrix).T.reshape(1, -1, *latents.shape[-2:])
        picture = functional.pixel_shuffle(rgb, self.scale)[0].permute(1, 2, 0)
        return picture.mul(255).round().clamp(0, 255).to(torch.uint8).cpu().numpy()


def _table(rows: list[list[float]], bias: list[float]) -> LinearMap:
    return LinearMap(torch.tensor([*rows, bias]) / 255, reach=0, scale=1)


SD1_MAP = _table(
    # Kevin Turner's fit for SD 1.4, "Decoding latents to RGB without upscaling" (2022), from -1..1 to 0..255.
    [[38.0, 26.4, 26.5], [23.8, 36.5, 22.1], [-20.1, 24.1, 33.7], [-23.5, -34.6, -60.3]],
    [127.5, 127.5, 127.5],
)
SDXL_MAP = _table(
    # Timothy Alexis Vass, "Explaining the SDXL latent space" (2023).
    [[60.0, 60.0, 60.0], [-60.0, -5.0, 10.0], [25.0, 15.0, -5.0], [-70.0, -50.0, -35.0]],
    [150.0, 140.0, 130.0],
)
MAPS: Mapping[str, LinearMap] = {"sd1": SD1_MAP, "sd2": SD1_MAP, "sdxl": SDXL_MAP}

_fitted: weakref.WeakKeyDictionary[Any, LinearMap] = weakref.WeakKeyDictionary()


def preview_map(family: str, vae: Any) -> LinearMap:
    """The family's table, or a map fitted to this VAE once and kept as long as the VAE lives."""
    if family in MAPS:
        return MAPS[family]
    if vae not in _fitted:
        _fitted[vae] = fit(vae)
    return _fitted[vae]


@torch.inference_mode()
def fit(vae: Any) -> LinearMap:
    """Least squares from the VAE's latents of drawn pictures to those pictures, shrunk to FITTED_SCALE per latent."""
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    pictures = _drawn_pictures(SAMPLES, SAMPLE_LATENT_SIDE * factor)
    weight = next(vae.parameters())
    encoded = vae.encode((pictures * 2 - 1).to(weight.device, weight.dtype)).latent_dist.mode()
    latents = (encoded * vae.config.scaling_factor).float().cpu()
    shrunk = functional.avg_pool2d(pictures, factor // FITTED_SCALE)
    target = functional.pixel_unshuffle(shrunk, FITTED_SCALE).permute(0, 2, 3, 1).flatten(0, 2)
    features = _neighbourhoods(latents, reach=1)
    gram = features.T @ features + RIDGE * len(features) * torch.eye(features.shape[1])
    return LinearMap(torch.linalg.solve(gram, features.T @ target), reach=1, scale=FITTED_SCALE)


def _neighbourhoods(latents: Tensor, reach: int) -> Tensor:
    """(n, C, h, w) to (n*h*w, C * (2*reach+1)**2 + 1): each latent pixel with its neighbours, and 1 for the bias."""
    padded = functional.pad(latents, (reach,) * 4, mode="replicate") if reach else latents
    columns = functional.unfold(padded, 2 * reach + 1).transpose(1, 2).flatten(0, 1)
    return torch.cat([columns, columns.new_ones(len(columns), 1)], dim=1)


def _drawn_pictures(count: int, side: int) -> Tensor:
    """(count, 3, side, side) in 0..1: smooth colour fields with hard-edged discs and bars, half of them on white."""
    rng = np.random.default_rng(0)
    fields = torch.from_numpy(rng.random((count, 3, 4, 4), dtype=np.float32))
    pictures = functional.interpolate(fields, size=(side, side), mode="bilinear", align_corners=False)
    pictures[::2] = 1.0
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    for picture in pictures:
        for _ in range(6):
            y, x, radius = rng.uniform(0, side, 2).tolist() + [rng.uniform(side / 16, side / 3)]
            disc = (rows - y) ** 2 + (columns - x) ** 2 < radius**2
            bar = ((rows - y).abs() < radius / 3) & ((columns - x).abs() < radius * 2)
            colour = torch.from_numpy(rng.random(3, dtype=np.float32))
            picture[:, disc if rng.random() < 0.5 else bar] = colour[:, None]
    return pictures
