"""Inpainting: only what is masked is drawn. With ordinary UNets the source, noised, is put back around it after every
step; those with nine channels see mask and source themselves."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from generation.engine.encoding import Encoded
from generation.engine.loading.checkpoints import LoadedCheckpoint
from generation.engine.starting import FromPicture
from generation.imaging.canvas import Floats
from generation.recipes.picture import Recipe
from generation.weightfiles.kinds import INPAINTING_CHANNELS


class Inpainting(FromPicture):
    """From a picture and its mask. `kept` is the encoded picture with grey where it is drawn.

    A soft mask says how early a place is drawn: what is masked by half is put back until half of the steps are left
    (Levin and Fried 2023).
    """

    def __init__(
        self, recipe: Recipe, checkpoint: LoadedCheckpoint, encoded: Encoded, kept: Encoded, mask: Floats
    ) -> None:
        super().__init__(recipe, checkpoint, encoded)
        self.kept = kept
        self.mask = _small(mask, encoded.mean).to(checkpoint.device, checkpoint.dtype)
        self.blends = checkpoint.unet.config.in_channels != INPAINTING_CHANNELS
        self.calls = 0

    def first_latents(self, scheduler: Any, timesteps: Tensor, generator: torch.Generator) -> Tensor:
        """(1, C, h, w), noised to the first of the `timesteps` (n,); with full strength noise alone."""
        if not len(timesteps):
            return self.scaled(self.encoded.mean)
        self.calls = len(timesteps)
        hole = (self.mask >= 0.5).to(self.mask.dtype)
        from_noise = self.start.strength == 1
        if self.blends or not from_noise:
            # The pipeline's repetition lays them out plainly; convolutions round differently elsewhere.
            self._clean = self.scaled(self.encoded.sample(generator)).contiguous()
        self._noise = self.noise(generator)
        # Drawn also for UNets that do not take it, for the pipeline's next random numbers come after it.
        kept = self.scaled(self.kept.sample(generator))
        if not self.blends:
            self.channels = torch.cat([hole, kept], dim=1)
        if from_noise:
            return self._noise * float(scheduler.init_noise_sigma)
        noised: Tensor = scheduler.add_noise(self._beginning(hole), self._noise, timesteps[:1])
        return noised

    def stepped(self, scheduler: Any, latents: Tensor, timesteps: Tensor) -> Tensor:
        """(1, C, h, w): drawn where the mask is free by now, else the source with as much noise as the next of the
        `timesteps` (n,) says."""
        if not self.blends:
            return latents
        source = scheduler.add_noise(self._clean, self._noise, timesteps[:1]) if len(timesteps) else self._clean
        free = (self.mask > len(timesteps) / self.calls).to(latents.dtype)
        return (1 - free) * source + free * latents

    def _beginning(self, hole: Tensor) -> Tensor:
        """The clean latents (1, C, h, w) with what stands below the mask; what is kept is left as it is."""
        if self.start.masked_content == "noise":
            return (1 - hole) * self._clean + hole * self._noise
        return (1 - hole) * self._clean if self.start.masked_content == "nothing" else self._clean


def _small(mask: Floats, latents: Tensor) -> Tensor:
    """The mask (H, W) as latents have it, (1, 1, h, w): one pixel for each, as diffusers picks them; where that meets
    none of a few, the largest around each."""
    # Laid out in memory as diffusers' mask, which decides how the latents are that it is multiplied with.
    size, whole = latents.shape[-2:], torch.from_numpy(mask[None, ..., None].transpose(0, 3, 1, 2))
    picked = functional.interpolate(whole, size=size)
    return picked if bool(picked.any()) else functional.adaptive_max_pool2d(whole, size)
