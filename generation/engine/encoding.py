"""From pixels to latents by the checkpoint's VAE, equal to what diffusers' pipelines make; what was encoded is kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from generation.engine.decoding import SMALL_TILE
from generation.engine.failures import is_out_of_memory, not_finite
from generation.engine.loading.checkpoints import LoadedCheckpoint
from generation.engine.lru_cache import LruCache
from generation.engine.outcome import Pixels
from generation.engine.vae_tiles import encode_in_tiles, is_large


@dataclass(frozen=True, slots=True)
class Encoded:
    """What a VAE's encoder says of a picture: mean and deviation (1, C, h, w) of its latents, not scaled yet."""

    mean: Tensor
    deviation: Tensor

    def sample(self, generator: torch.Generator) -> Tensor:
        """Latents (1, C, h, w), drawn from the generator as diffusers does."""
        noise: Tensor = randn_tensor(self.mean.shape, generator, self.mean.device, self.mean.dtype)
        return self.mean + self.deviation * noise


class Encoder:
    """Encodes beside the engine's thread, each picture once for each VAE while `budget_bytes` hold what was made.

    One thread at a time for one VAE.
    """

    def __init__(self, budget_bytes: int) -> None:
        self._kept: LruCache[tuple[str, ...], Encoded] = LruCache(
            budget_bytes, lambda encoded: encoded.mean.nbytes + encoded.deviation.nbytes
        )

    def encode(self, checkpoint: LoadedCheckpoint, picture: Tensor) -> Encoded:
        """A picture (1, 3, H, W) in -1..1, float32 on the CPU. Raises RenderError when the VAE answers with NaN."""
        content = hashlib.blake2b(picture.numpy().tobytes(), digest_size=32).hexdigest()
        size = "×".join(map(str, picture.shape[-2:]))
        vae = (checkpoint.vae_sha256, checkpoint.family.key) if checkpoint.vae_sha256 else (checkpoint.sha256,)
        return self._kept.get_or_make((content, size, *vae), lambda: _encoded(checkpoint, picture))


def as_tensor(pixels: Pixels) -> Tensor:
    """(H, W, 3) to (1, 3, H, W) in -1..1, laid out in memory as diffusers' image processor does: convolutions round
    differently elsewhere."""
    values = np.stack([pixels.astype(np.float32) / 255.0])
    return 2.0 * torch.from_numpy(values.transpose(0, 3, 1, 2)) - 1.0


def _encoded(checkpoint: LoadedCheckpoint, picture: Tensor) -> Encoded:
    """In tiles where it is large or does not fit into memory."""
    try:
        return _encode(checkpoint, picture)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    # Not within `except`: there the error's traceback still holds the activations.
    torch.cuda.empty_cache()
    return _encode(checkpoint, picture, SMALL_TILE)


@torch.inference_mode()
def _encode(checkpoint: LoadedCheckpoint, picture: Tensor, tile: int | None = None) -> Encoded:
    """As `Encoder.encode`, (1, 3, H, W); in tiles of `tile` units, where that is said."""
    vae = checkpoint.vae
    # First the network's own dtype, as for a picture that comes with text in half precision.
    values = picture.to(device=checkpoint.device, dtype=checkpoint.dtype).to(vae.dtype)
    if tile:
        found = encode_in_tiles(vae, values, tile)
    elif is_large(*picture.shape[-2:]):
        found = encode_in_tiles(vae, values)
    else:
        found = vae.encode(values).latent_dist
    if not bool(torch.isfinite(found.mean).all()):
        raise not_finite()
    return Encoded(found.mean, found.std)
