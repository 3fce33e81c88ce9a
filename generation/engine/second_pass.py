"""The second pass of “Hires. fix”: the first one's picture, enlarged in latents or in pixels, noised and drawn on.

It is a request like any other: its steps share UNet calls with all others of its size. Alone it draws what diffusers'
image-to-image pipeline draws from the same latents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from generation.engine.encoding import Encoded
from generation.engine.loading.checkpoints import LoadedCheckpoint
from generation.engine.samplers import timesteps_from
from generation.engine.starting import FromNoise
from generation.recipes.enlarging import LATENT_MODES, Hires
from generation.recipes.picture import Recipe
from generation.recipes.sampling import schedule_length


@dataclass(frozen=True, slots=True)
class SecondPass:
    """What a pass begins with that follows another: clean latents (1, C, h, w), or what the VAE says of pixels.

    Of `scheduled` steps the last `made` are made. `passed` is the length of the first pass's prompt schedules, `length`
    that of its own.
    """

    start: Tensor | Encoded
    scheduled: int
    made: int
    passed: int
    length: int

    @classmethod
    def of(cls, recipe: Recipe, hires: Hires, start: Tensor | Encoded) -> SecondPass:
        """`recipe` is the first pass's; `start` is (1, C, h, w) or what the VAE says of pixels."""
        scheduled, made = hires.steps_of(recipe.steps, recipe.sampler)
        sampler = hires.sampler or recipe.sampler
        passed = schedule_length(recipe.sampler, recipe.steps)
        return cls(start, scheduled, made, passed, schedule_length(sampler, max(1, made)))


class FromFirstPass(FromNoise):
    """The last steps of a schedule, from what a first pass made."""

    def __init__(self, recipe: Recipe, checkpoint: LoadedCheckpoint, second: SecondPass) -> None:
        super().__init__(recipe, checkpoint)
        self.second = second
        self.like = second.start.mean if isinstance(second.start, Encoded) else second.start

    @property
    def size(self) -> tuple[int, int]:
        factor = 2 ** (len(self.checkpoint.vae.config.block_out_channels) - 1)
        height, width = self.like.shape[-2:]
        return (width * factor, height * factor)

    def timesteps(self, scheduler: Any) -> Tensor:
        """The last (n,) of the schedule, as many as are made."""
        return timesteps_from(scheduler, self.second.scheduled - self.second.made)

    def first_latents(self, scheduler: Any, timesteps: Tensor, generator: torch.Generator) -> Tensor:
        """(1, C, h, w): the first pass's, noised to the first of the `timesteps` (n,)."""
        start = self.second.start
        if not len(timesteps):
            return self.scaled(start.mean) if isinstance(start, Encoded) else start
        clean = self.scaled(start.sample(generator)) if isinstance(start, Encoded) else start
        noised: Tensor = scheduler.add_noise(clean, self.noise(generator), timesteps[:1])
        return noised

    def scaled(self, latents: Tensor) -> Tensor:
        """The VAE's latents (1, C, h, w) in the UNet's scale and dtype."""
        return float(self.checkpoint.vae.config.scaling_factor) * latents.to(self.checkpoint.dtype)


def recipe_of_second_pass(recipe: Recipe, hires: Hires) -> Recipe:
    """The recipe with what its second pass has of its own; its size stays, for that of the pass may be beyond a
    recipe's range."""
    return recipe.replace(
        hires=None,
        inversion=None,
        prompt=hires.prompt or recipe.prompt,
        negative_prompt=hires.negative_prompt or recipe.negative_prompt,
        loras=hires.loras if hires.prompt else recipe.loras,
        sampler=hires.sampler or recipe.sampler,
        schedule=hires.schedule or recipe.schedule,
    )


def enlarged_latents(latents: Tensor, mode: str, size: tuple[int, int], factor: int) -> Tensor:
    """(1, C, h, w) to those of a picture of `size` (width, height), by one of LATENT_MODES; a latent is `factor` pixels
    a side."""
    width, height = size
    interpolation, antialias = LATENT_MODES[mode]
    return functional.interpolate(
        latents, size=(height // factor, width // factor), mode=interpolation, antialias=antialias
    )
