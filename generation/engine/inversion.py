"""DDIM run backwards (Song et al. 2021, 4.3): from pictures' latents to the noise that they would be drawn from.

Each step down a sampler's levels is solved for its beginning: a guess of the noise by the step before, then as many
corrections as `recipes.inversion` says (fixed-point iteration, Pan et al. 2023), so that drawing the same way again
arrives where it began. Its calls are rows of the same UNet calls as everybody's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from generation.engine.failures import not_finite
from generation.engine.noise import slerp
from generation.engine.schedules import TrainingNoise
from generation.recipes.inversion import PASSES, Inversion


class Inverting:
    """The pictures of one request on their way to their noise: (n, C, h, w) latents, one row a picture, unguided."""

    def __init__(self, inversion: Inversion, latents: Tensor, scheduler: Any) -> None:
        self._inversion = inversion
        self._prediction_type: str = scheduler.config.prediction_type
        self._timesteps, self._levels = levels_of(scheduler)
        self._at = latents.float()
        self._guess = self._at
        self._noise: Tensor | None = None
        self._call = 0
        self.total = PASSES * len(self._timesteps)

    @property
    def done(self) -> bool:
        return self._call >= self.total

    @property
    def step(self) -> int:
        """Which level is being looked for, 0 being the one of least noise."""
        return self._call // PASSES

    @property
    def timestep(self) -> float:
        return float(self._timesteps[self.step])

    @property
    def sample(self) -> Tensor:
        """What the UNet is asked about next, (n, C, h, w) in float32, in the variance-preserving form."""
        return self._guess

    def advance(self, prediction: Tensor) -> None:
        """Take the UNet's prediction (n, C, h, w) for `sample`. Raises RenderError."""
        before, level = self._levels[self.step], self._levels[self.step + 1]
        self._noise = noise_in(prediction.float(), self._guess, level, self._prediction_type)
        self._call += 1
        if self._call % PASSES == 0:
            self._at = risen(self._at, self._noise, before, level)
            if not bool(torch.isfinite(self._at).all()):
                raise not_finite()
            if self.done:
                return
            before, level = level, self._levels[self.step + 1]
        self._guess = risen(self._at, self._noise, before, level)

    def expected(self) -> Tensor:
        """The picture that the noise found so far belongs to, (1, C, h, w): that of the first picture."""
        return self._at[:1]

    def noise(self) -> Tensor:
        """The noise found, (1, C, h, w); between two pictures' noises as the recipe says."""
        first, *others = torch.split(self._at, 1)
        return slerp(self._inversion.amount, first, others[0], (1, 2, 3)) if others else first


def risen(sample: Tensor, noise: Tensor, before: float, level: float) -> Tensor:
    """A sample (n, C, h, w) at the level `before`, taken to the noisier `level` by the noise (n, C, h, w) it has there.

    Levels are the shares of the signal, alpha-bar: 1 is a clean picture.
    """
    clean: Tensor = (sample - (1 - before) ** 0.5 * noise) / before**0.5
    return float(level**0.5) * clean + float((1 - level) ** 0.5) * noise


def noise_in(prediction: Tensor, sample: Tensor, level: float, prediction_type: str) -> Tensor:
    """The noise that a prediction (n, C, h, w) sees in its sample (n, C, h, w)."""
    signal, noise = level**0.5, (1 - level) ** 0.5
    if prediction_type == "epsilon":
        return prediction
    velocity = prediction_type == "v_prediction"
    seen: Tensor = signal * prediction + noise * sample if velocity else (sample - signal * prediction) / noise
    return seen


def levels_of(scheduler: Any) -> tuple[list[float], list[float]]:
    """The timesteps of a scheduler from the least noise to the most, and the levels before, between and after them.

    One more level than timesteps: the first is where the scheduler ends, the others are those of the timesteps.
    """
    timesteps = np.unique(scheduler.timesteps.double().cpu().numpy())
    sigmas = TrainingNoise(scheduler.alphas_cumprod).sigmas_at(timesteps)
    end = float(getattr(scheduler, "final_alpha_cumprod", 1.0))
    return timesteps.tolist(), [end, *(1 / (1 + sigmas**2)).tolist()]
