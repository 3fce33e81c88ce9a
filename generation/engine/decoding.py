"""From finished latents to pixels, by the checkpoint's VAE; equal to what diffusers' image processor makes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from generation.engine.failures import is_out_of_memory, not_finite
from generation.engine.loading.checkpoints import LoadedCheckpoint
from generation.engine.outcome import Pixels
from generation.engine.vae_tiles import decode_in_tiles, is_large

SMALL_TILE = 64
"""Units (`vae_tiles.UNIT`) a side of a tile where memory has run out."""


def decode(checkpoint: LoadedCheckpoint, latents: Tensor) -> Pixels:
    """(1, C, h, w) latents to uint8 RGB (H, W, 3), in tiles where it is large or does not fit into memory.

    One thread at a time for one VAE. Raises RenderError when the VAE answers with NaN.
    """
    try:
        return _decode(checkpoint.vae, latents)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    # Not within `except`: there the error's traceback still holds the activations.
    torch.cuda.empty_cache()
    return _decode(checkpoint.vae, latents, SMALL_TILE)


@torch.inference_mode()
def _decode(vae: Any, latents: Tensor, tile: int | None = None) -> Pixels:
    """As `decode`, (1, C, h, w) to (H, W, 3); in tiles of `tile` units, where that is said."""
    unscaled = (latents / vae.config.scaling_factor).to(vae.dtype)
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    if tile:
        image = decode_in_tiles(vae, unscaled, tile)
    elif is_large(latents.shape[-2] * factor, latents.shape[-1] * factor):
        image = decode_in_tiles(vae, unscaled)
    else:
        image = vae.decode(unscaled, return_dict=False)[0]
    values = (image * 0.5 + 0.5).clamp(0, 1)[0].permute(1, 2, 0).float().cpu().numpy()
    if not np.isfinite(values).all():
        raise not_finite()
    pixels: Pixels = (values * 255).round().astype(np.uint8)
    return pixels
