"""From finished latents to pixels, by the checkpoint's VAE; equal to what diffusers' image processor makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from generation.engine.failures import is_out_of_memory, not_finite
from generation.engine.loading.checkpoints import LoadedCheckpoint
from generation.engine.outcome import Pixels

TILE_SIDE = 32
"""Latents a side of one tile; neighbouring tiles are faded into each other over a quarter of it."""


def decode(checkpoint: LoadedCheckpoint, latents: Tensor) -> Pixels:
    """(1, C, h, w) latents to uint8 RGB (H, W, 3), in tiles where the whole does not fit into memory.

    One thread at a time for one VAE. Raises RenderError when the VAE answers with NaN.
    """
    try:
        return _decode(checkpoint.vae, latents)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    # Not within `except`: there the error's traceback still holds the activations.
    torch.cuda.empty_cache()
    with tiled(checkpoint.vae):
        return _decode(checkpoint.vae, latents)


@contextmanager
def tiled(vae: Any) -> Iterator[None]:
    """A VAE's own tiles are as large as the pictures that it was trained on: too large here."""
    own = vae.tile_latent_min_size, vae.tile_sample_min_size
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    vae.tile_latent_min_size, vae.tile_sample_min_size = TILE_SIDE, TILE_SIDE * factor
    vae.enable_tiling()
    try:
        yield
    finally:
        vae.disable_tiling()
        vae.tile_latent_min_size, vae.tile_sample_min_size = own


@torch.inference_mode()
def _decode(vae: Any, latents: Tensor) -> Pixels:
    """As `decode`, (1, C, h, w) to (H, W, 3), in one go."""
    image = vae.decode((latents / vae.config.scaling_factor).to(vae.dtype), return_dict=False)[0]
    values = (image * 0.5 + 0.5).clamp(0, 1)[0].permute(1, 2, 0).float().cpu().numpy()
    if not np.isfinite(values).all():
        raise not_finite()
    pixels: Pixels = (values * 255).round().astype(np.uint8)
    return pixels
