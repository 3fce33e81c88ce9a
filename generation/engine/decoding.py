"""From finished latents to pixels, by the checkpoint's VAE; equal to what diffusers' image processor makes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from generation.engine.failures import not_finite
from generation.engine.loading import LoadedCheckpoint
from generation.engine.outcome import Pixels


@torch.inference_mode()
def decode(checkpoint: LoadedCheckpoint, latents: Tensor) -> Pixels:
    """(1, C, h, w) latents to uint8 RGB (H, W, 3). Raises RenderError when the VAE answers with NaN."""
    vae = checkpoint.vae
    image = vae.decode((latents / vae.config.scaling_factor).to(vae.dtype), return_dict=False)[0]
    values = (image * 0.5 + 0.5).clamp(0, 1)[0].permute(1, 2, 0).float().cpu().numpy()
    if not np.isfinite(values).all():
        raise not_finite()
    pixels: Pixels = (values * 255).round().astype(np.uint8)
    return pixels
