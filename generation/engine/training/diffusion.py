"""The arithmetic of learning to take noise away: noisy latents, what the UNet should answer, and how much it counts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from diffusers import DDPMScheduler
from torch import Tensor

from generation.engine.training.networks import Networks
from generation.engine.training.outcome import TrainingError


@dataclass(frozen=True, slots=True)
class DiffusionNoise:
    """What chance gives one batch of n rows: timesteps (n,) and noise (n, C, h, w) in float32."""

    timesteps: Tensor
    noise: Tensor


def generator_for(*purpose: int | str) -> torch.Generator:
    """A generator on the CPU seeded by what the draw is for; equal purposes give equal draws on every machine.

    No draw depends on those before it: a resumed training draws what the undisturbed one would have drawn.
    """
    digest = hashlib.blake2b(repr(purpose).encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big", signed=True))


SCHEDULE = (
    "num_train_timesteps",
    "beta_start",
    "beta_end",
    "beta_schedule",
    "trained_betas",
    "rescale_betas_zero_snr",
)
"""What of a scheduler's config decides how much noise there is at which timestep."""


class Diffusion:
    """The checkpoint's own noise schedule, in the variance-preserving form of DDPM (Ho et al. 2020)."""

    def __init__(self, networks: Networks) -> None:
        config = networks.components.scheduler_config
        scheduler = DDPMScheduler(**{name: config[name] for name in SCHEDULE if name in config})
        self.alphas: Tensor = scheduler.alphas_cumprod.to(networks.device)
        self.prediction_type = networks.prediction_type
        if self.prediction_type not in ("epsilon", "v_prediction"):
            raise TrainingError(
                "unsupported-prediction", f"Checkpoints that predict “{self.prediction_type}” cannot be trained."
            )

    @property
    def timesteps(self) -> int:
        return len(self.alphas)

    def noise_for(self, generator: torch.Generator, shape: tuple[int, ...], *, offset: float = 0.0) -> DiffusionNoise:
        """Timesteps spread evenly over the batch, and noise of `shape` (n, C, h, w).

        `generator` is on the CPU, so that every device draws alike.

        `offset` shifts the noise of each channel as a whole (Guttenberg 2023), which teaches dark and bright pictures.
        """
        rows = shape[0]
        spread = (torch.arange(rows) + torch.rand(rows, generator=generator)) / rows
        order = torch.randperm(rows, generator=generator)
        noise = torch.randn(shape, generator=generator)
        if offset:
            noise = noise + offset * torch.randn((*shape[:2], 1, 1), generator=generator)
        timesteps = (spread * self.timesteps).long().clamp(max=self.timesteps - 1)[order]
        return DiffusionNoise(timesteps.to(self.alphas.device), noise.to(self.alphas.device))

    def noisy(self, latents: Tensor, added: DiffusionNoise) -> Tensor:
        """Clean latents (n, C, h, w) with the noise at its timesteps (Ho et al. 2020, equation 4)."""
        signal, noise = self._shares(added)
        return signal * latents + noise * added.noise

    def target(self, latents: Tensor, added: DiffusionNoise) -> Tensor:
        """The noise, or the velocity (Salimans and Ho 2022), (n, C, h, w): whichever this checkpoint predicts."""
        if self.prediction_type == "epsilon":
            return added.noise
        signal, noise = self._shares(added)
        return signal * added.noise - noise * latents

    def weights(self, added: DiffusionNoise, gamma: float) -> Tensor:
        """Min-SNR weights (n,) of Hang et al. 2023, in terms of what is predicted; all 1 where gamma is 0."""
        alphas = self.alphas[added.timesteps]
        if not gamma:
            return torch.ones_like(alphas)
        ratio: Tensor = alphas / (1 - alphas)
        capped = ratio.clamp(max=gamma)
        return capped / ratio if self.prediction_type == "epsilon" else capped / (ratio + 1)

    def _shares(self, added: DiffusionNoise) -> tuple[Tensor, Tensor]:
        """Of signal and noise at the timesteps, each (n, 1, 1, 1)."""
        alphas: Tensor = self.alphas[added.timesteps][:, None, None, None]
        return alphas.sqrt(), (1 - alphas).sqrt()


def row_losses(answer: Tensor, target: Tensor) -> Tensor:
    """Mean squared error (n,) of each row of (n, C, h, w)."""
    return (answer - target).square().mean(dim=(1, 2, 3))
