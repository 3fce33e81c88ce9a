"""How a request's latents begin, what the UNet gets besides, and what is put back after each step: from noise alone or
from a picture. With a mask: `inpainting`.

In each the order in which random numbers are drawn is that of diffusers' pipelines, so that equal seeds draw the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from generation.engine.encoding import Encoded
from generation.engine.inversion import Inverting
from generation.engine.noise import first_noise
from generation.engine.samplers import timesteps_from
from generation.recipes.picture import Recipe

if TYPE_CHECKING:
    from generation.engine.loading.checkpoints import LoadedCheckpoint


class FromNoise:
    """All steps, from noise (1, C, h, w) by the recipe's seed."""

    channels: Tensor | None = None
    """What every row of the UNet gets beside its latents, (1, c, h, w)."""

    def __init__(self, recipe: Recipe, checkpoint: LoadedCheckpoint) -> None:
        self.recipe = recipe
        self.checkpoint = checkpoint

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels of what is drawn."""
        return (self.recipe.width, self.recipe.height)

    def timesteps(self, scheduler: Any) -> Tensor:
        """Those (n,) at which the UNet is called; the scheduler is set to begin with the first."""
        timesteps: Tensor = scheduler.timesteps
        return timesteps

    def first_latents(self, scheduler: Any, timesteps: Tensor, generator: torch.Generator) -> Tensor:
        """The latents (1, C, h, w) before the first step. Random numbers are the CPU's, so that every device draws the
        same."""
        return self.noise(generator) * float(scheduler.init_noise_sigma)

    def stepped(self, scheduler: Any, latents: Tensor, timesteps: Tensor) -> Tensor:
        """The latents (1, C, h, w) with which the request goes on after a step; `timesteps` are those that are left."""
        return latents

    def noise(self, generator: torch.Generator) -> Tensor:
        """(1, C, h, w) in the checkpoint's dtype."""
        checkpoint, config = self.checkpoint, self.checkpoint.vae.config
        factor = 2 ** (len(config.block_out_channels) - 1)
        width, height = self.size
        shape = (1, config.latent_channels, height // factor, width // factor)
        return first_noise(self.recipe, shape, factor, generator, checkpoint.device, checkpoint.dtype)

    def inverting(self, scheduler: Any) -> Inverting | None:
        """What is to be found before the first step: the noise behind pictures, which takes the place of the seed's."""
        return None


class FromPicture(FromNoise):
    """The steps that the strength leaves, from a picture's latents with as much noise as the first of them says.

    Where it leaves none, the latents are the mean of what the VAE's encoder says: the result is its reconstruction.
    """

    def __init__(self, recipe: Recipe, checkpoint: LoadedCheckpoint, encoded: Encoded) -> None:
        super().__init__(recipe, checkpoint)
        assert recipe.start is not None
        self.start = recipe.start
        self.encoded = encoded

    def timesteps(self, scheduler: Any) -> Tensor:
        """The last (n,), of which the strength says how many."""
        return timesteps_from(scheduler, self.recipe.steps - self.start.steps_of(self.recipe.steps))

    def first_latents(self, scheduler: Any, timesteps: Tensor, generator: torch.Generator) -> Tensor:
        """(1, C, h, w): the picture's, noised to the first of the `timesteps` (n,)."""
        if not len(timesteps):
            return self.scaled(self.encoded.mean)
        clean = self.scaled(self.encoded.sample(generator))
        noised: Tensor = scheduler.add_noise(clean, self.noise(generator), timesteps[:1])
        return noised

    def scaled(self, latents: Tensor) -> Tensor:
        """The VAE's latents (1, C, h, w) in the UNet's scale and dtype."""
        return float(self.checkpoint.vae.config.scaling_factor) * latents.to(self.checkpoint.dtype)


class FromInverted(FromNoise):
    """All steps, from the noise that DDIM finds behind pictures, whose clean latents (n, C, h, w) these are."""

    def __init__(self, recipe: Recipe, checkpoint: LoadedCheckpoint, encoded: Sequence[Encoded]) -> None:
        super().__init__(recipe, checkpoint)
        scale = float(checkpoint.vae.config.scaling_factor)
        self.latents = scale * torch.cat([each.mean for each in encoded]).float()

    def inverting(self, scheduler: Any) -> Inverting | None:
        assert self.recipe.inversion is not None
        return Inverting(self.recipe.inversion, self.latents, scheduler)
