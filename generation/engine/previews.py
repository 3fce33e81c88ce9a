"""Previews: a linear map from predicted latents to small RGB pictures, from a table or fitted to a VAE; no encoding.

A full decode would look better and costs as much as the UNet call it illustrates where both are small: the bundled
checkpoint's takes 0.6 to 0.9 of one on a CPU. A fitted map therefore gives two pixels per latent, from its neighbours.

The arithmetic is numpy's: a preview is a few thousand numbers, where a dozen torch calls cost more than the numbers do.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from generation.engine.outcome import Pixels

logger = logging.getLogger(__name__)

Floats = NDArray[np.float32]

FITTED_SCALE = 2
"""Preview pixels per latent pixel in each direction where the map is fitted."""

SAMPLES = 24
SAMPLE_LATENT_SIDE = 12
RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class LinearMap:
    """`matrix` (3 * scale**2, C * (2*reach+1)**2 + 1) takes a latent pixel and its neighbours to RGB in 0..255.

    The bias is its last column.
    """

    matrix: Floats
    reach: int
    scale: int

    def __call__(self, latents: Tensor) -> Pixels:
        """(1, C, h, w) scaled latents to uint8 RGB (h * scale, w * scale, 3)."""
        height, width = latents.shape[-2:]
        near = _neighbourhoods(latents[0].float().cpu().numpy(), self.reach)
        values = self.matrix[:, :-1] @ near + (self.matrix[:, -1:] + 0.5)
        tiles = np.clip(values, 0, 255).astype(np.uint8).reshape(3, self.scale, self.scale, height, width)
        pixels: Pixels = tiles.transpose(3, 1, 4, 2, 0).reshape(height * self.scale, width * self.scale, 3)
        return pixels


def _table(red: list[float], green: list[float], blue: list[float]) -> LinearMap:
    """Each colour's factors of the four latent channels, and its bias."""
    return LinearMap(np.array([red, green, blue], np.float32), reach=0, scale=1)


# Kevin Turner's fit for SD 1.4, "Decoding latents to RGB without upscaling" (2022), taken from -1..1 to 0..255.
SD1_MAP = _table([38.0, 23.8, -20.1, -23.5, 127.5], [26.4, 36.5, 24.1, -34.6, 127.5], [26.5, 22.1, 33.7, -60.3, 127.5])
# Timothy Alexis Vass, "Explaining the SDXL latent space" (2023).
SDXL_MAP = _table([60.0, -60.0, 25.0, -70.0, 150.0], [60.0, -5.0, 15.0, -50.0, 140.0], [60.0, 10.0, -5.0, -35.0, 130.0])
MAPS: Mapping[str, LinearMap] = {"sd1": SD1_MAP, "sd2": SD1_MAP, "sdxl": SDXL_MAP}

_fitted: weakref.WeakKeyDictionary[Any, LinearMap] = weakref.WeakKeyDictionary()


def preview_map(family: str, vae: Any) -> LinearMap:
    """The family's table, or a map fitted to this VAE once and kept as long as the VAE lives."""
    if family in MAPS:
        return MAPS[family]
    if vae not in _fitted:
        _fitted[vae] = fit(vae)
    return _fitted[vae]


def prepare_map(family: str, vae: Any) -> None:
    """Fit the map while the VAE is loaded: then no step waits for it, and no two requests fit it at once."""
    try:
        preview_map(family, vae)
    except Exception:
        logger.exception("No previews can be made by this VAE")


@torch.inference_mode()
def fit(vae: Any) -> LinearMap:
    """Least squares from the VAE's latents of drawn pictures to those pictures, shrunk to FITTED_SCALE per latent."""
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    pictures = torch.from_numpy(_drawn_pictures(SAMPLES, SAMPLE_LATENT_SIDE * factor))
    weight = next(vae.parameters())
    encoded = vae.encode((pictures * 2 - 1).to(weight.device, weight.dtype)).latent_dist.mode()
    latents = (encoded * vae.config.scaling_factor).float().cpu().numpy()
    shrunk = functional.pixel_unshuffle(functional.avg_pool2d(pictures, factor // FITTED_SCALE), FITTED_SCALE)
    target = shrunk.numpy().transpose(1, 0, 2, 3).reshape(3 * FITTED_SCALE**2, -1) * 255
    near = np.concatenate([_neighbourhoods(latent, reach=1) for latent in latents], axis=1)
    features = np.vstack([near, np.ones_like(near[:1])])
    gram = features @ features.T + RIDGE * features.shape[1] * np.eye(len(features), dtype=np.float32)
    return LinearMap(np.linalg.solve(gram, features @ target.T).T.astype(np.float32), reach=1, scale=FITTED_SCALE)


def _neighbourhoods(latents: Floats, reach: int) -> Floats:
    """(C, h, w) to (C * (2*reach+1)**2, h*w): each latent pixel with its neighbours, the edge repeated."""
    channels, height, width = latents.shape
    flat = latents.reshape(channels, height * width)
    return flat.take(_neighbours(height, width, reach), axis=1).reshape(-1, height * width)


@lru_cache(maxsize=32)
def _neighbours(height: int, width: int, reach: int) -> NDArray[np.intp]:
    """((2*reach+1)**2, h*w): where each pixel's neighbours lie in the flat picture.

    Made once a size: one gather takes a quarter of the time of nine copies.
    """
    rows, columns = np.mgrid[:height, :width]
    places = [
        (rows + y).clip(0, height - 1) * width + (columns + x).clip(0, width - 1)
        for y in range(-reach, reach + 1)
        for x in range(-reach, reach + 1)
    ]
    return np.stack([place.ravel() for place in places])


def _drawn_pictures(count: int, side: int) -> Floats:
    """(count, 3, side, side) in 0..1: smooth fields of colour with hard-edged discs and bars, half of them on white."""
    rng = np.random.default_rng(0)
    fields = torch.from_numpy(rng.random((count, 3, 4, 4), dtype=np.float32))
    pictures = functional.interpolate(fields, size=(side, side), mode="bilinear").numpy()
    pictures[::2] = 1.0
    rows, columns = np.mgrid[:side, :side]
    for picture in pictures:
        for disc in (True, False) * 3:
            (y, x), radius = rng.uniform(0, side, 2), rng.uniform(side / 16, side / 3)
            inside = (rows - y) ** 2 + (columns - x) ** 2 < radius**2
            bar = (abs(rows - y) < radius / 3) & (abs(columns - x) < radius * 2)
            picture[:, inside if disc else bar] = rng.random((3, 1), dtype=np.float32)
    return pictures
