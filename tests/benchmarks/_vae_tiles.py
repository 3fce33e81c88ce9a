"""How far a picture that passes the bundled checkpoint's VAE in tiles is from one that passes it whole.

The tiles are as large as they are for every checkpoint. Differences are of 255 levels, anywhere in the picture.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import Tensor

from generation.engine.previews import _drawn_pictures
from generation.engine.vae_tiles import decode_in_tiles, encode_in_tiles
from tests.benchmarks._requests import figure
from tests.tiny_weights import BUNDLED_CHECKPOINT

SIDE, MOST_LEVELS = 1024, 2


@torch.inference_mode()
def tiles() -> list[dict[str, Any]]:
    vae: Any = AutoencoderKL.from_pretrained(BUNDLED_CHECKPOINT / "vae").eval()
    picture = torch.from_numpy(_drawn_pictures(1, SIDE) * 2 - 1)
    latents = vae.encode(picture).latent_dist.mean
    whole, tiled = vae.decode(latents).sample, decode_in_tiles(vae, latents)
    encoded = vae.decode(encode_in_tiles(vae, picture).mean).sample
    return apart(f"{SIDE} px decoded in tiles", tiled, whole) + apart(f"{SIDE} px encoded in tiles", encoded, whole)


def apart(what: str, image: Tensor, whole: Tensor) -> list[dict[str, Any]]:
    differences = (levels(image) - levels(whole)).abs()
    most, share = float(differences.max()), 100 * float((differences > 0).float().mean())
    return [
        figure(f"{what}: levels from the whole at most", most, "", f"<= {MOST_LEVELS}", most <= MOST_LEVELS),
        figure("the same: values that differ at all", share, "%"),
    ]


def levels(image: Tensor) -> Tensor:
    return ((image * 0.5 + 0.5).clamp(0, 1) * 255).round()
