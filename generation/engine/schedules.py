"""Where each schedule type puts its noise levels: by the papers' formulas, as A1111, k-diffusion and ComfyUI use them.

Not for what a checkpoint's own config says of its steps: that is diffusers', under “Automatic”.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

Floats = NDArray[np.float64]

RHO = 7.0
"""Karras et al. 2022, equation 5."""

BETA = 0.6
"""Both parameters of the beta distribution, as every program of the field has them (Lee et al. 2024)."""

LEAST_ALPHA = 2.0**-24
"""For zero terminal SNR, where the last sigma would be infinite; diffusers' number."""


class TrainingNoise:
    """The sigmas (T,) of a checkpoint's timesteps, rising; between two timesteps their logarithm is interpolated."""

    def __init__(self, alphas_cumprod: Tensor) -> None:
        alphas = np.maximum(alphas_cumprod.double().cpu().numpy(), LEAST_ALPHA)
        self.sigmas: Floats = np.sqrt((1 - alphas) / alphas)
        self._logarithms: Floats = np.log(self.sigmas)

    @property
    def last(self) -> int:
        """The timestep of most noise."""
        return len(self.sigmas) - 1

    def sigmas_at(self, timesteps: Floats) -> Floats:
        """The sigmas (n,) at timesteps (n,), between the trained ones by their logarithms, as k-diffusion."""
        sigmas: Floats = np.exp(np.interp(timesteps, np.arange(len(self.sigmas)), self._logarithms))
        return sigmas

    def timesteps_at(self, sigmas: Floats) -> Floats:
        """The timesteps (n,), not whole, at sigmas (n,): the way back."""
        return np.interp(np.log(sigmas), self._logarithms, np.arange(len(self.sigmas)))


def sigmas_of(schedule: str, steps: int, noise: TrainingNoise) -> Floats:
    """The falling sigmas (steps,) at which a schedule type calls the UNet; 0 comes after them."""
    return SPREADS[schedule](steps, noise)


def _normal(steps: int, noise: TrainingNoise) -> Floats:
    """Evenly spaced timesteps from the last to the first: A1111's Normal and Uniform."""
    return noise.sigmas_at(np.linspace(noise.last, 0, steps))


def _sgm_uniform(steps: int, noise: TrainingNoise) -> Floats:
    """Evenly spaced timesteps that would reach the first one step later, with which 0 takes its place."""
    return noise.sigmas_at(np.linspace(noise.last, 0, steps + 1)[:-1])


def _karras(steps: int, noise: TrainingNoise) -> Floats:
    most, least = noise.sigmas[-1] ** (1 / RHO), noise.sigmas[0] ** (1 / RHO)
    curve: Floats = np.linspace(most, least, steps) ** RHO
    return curve


def _exponential(steps: int, noise: TrainingNoise) -> Floats:
    return np.geomspace(noise.sigmas[-1], noise.sigmas[0], steps)


def _beta(steps: int, noise: TrainingNoise) -> Floats:
    """Timesteps, not sigmas, at even quantiles of a beta distribution: many at both ends, few between."""
    timesteps: Floats = stats.beta.ppf(1 - np.arange(steps) / steps, BETA, BETA) * noise.last
    whole = np.rint(timesteps)
    # ComfyUI leaves out the steps of a very long schedule that fall upon one timestep; here every step is drawn.
    return noise.sigmas_at(whole if len(np.unique(whole)) == steps else timesteps)


SPREADS: Mapping[str, Callable[[int, TrainingNoise], Floats]] = {
    "Normal": _normal,
    "SGM Uniform": _sgm_uniform,
    "Karras": _karras,
    "Exponential": _exponential,
    "Beta": _beta,
}
