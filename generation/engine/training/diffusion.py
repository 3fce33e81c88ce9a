"""The arithmetic of learning to take noise away: noisy latents, what the UNet should answer, and how much it counts."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from diffusers import DDPMScheduler
from torch import Tensor

from generation.engine.training.networks import Networks
from generation.engine.training.outcome import TrainingError


@dataclass(frozen=True, slots=True)
class Draw:
    """What chance gives one batch of n rows: timesteps (n,) and noise (n, C, h, w)."""

    timesteps: Tensor
    noise: Tensor


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
        config = networks.parts.scheduler_config
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

    def draw(self, generator: torch.Generator, shape: tuple[int, ...], *, offset: float = 0.0) -> Draw:
        """Timesteps spread evenly over the batch, and noise; `generator` is on the CPU, so every device draws alike.

        `offset` shifts the noise of each channel as a whole (Guttenberg 2023), which teaches dark and bright pictures.
        """
        rows = shape[0]
        spread = (torch.arange(rows) + torch.rand(rows, generator=generator)) / rows
        order = torch.randperm(rows, generator=generator)
        noise = torch.randn(shape, generator=generator)
        if offset:
            noise = noise + offset * torch.randn((*shape[:2], 1, 1), generator=generator)
        timesteps = (spread * self.timesteps).long().clamp(max=self.timesteps - 1)[order]
        return Draw(timesteps.to(self.alphas.device), noise.to(self.alphas.device))

    def noisy(self, latents: Tensor, draw: Draw) -> Tensor:
        signal, noise = self._parts(draw)
        return signal * latents + noise * draw.noise

    def target(self, latents: Tensor, draw: Draw) -> Tensor:
        """The noise, or the velocity (Salimans and Ho 2022), whichever this checkpoint predicts."""
        if self.prediction_type == "epsilon":
            return draw.noise
        signal, noise = self._parts(draw)
        return signal * draw.noise - noise * latents

    def weights(self, draw: Draw, gamma: float) -> Tensor:
        """Min-SNR weights (n,) of Hang et al. 2023, in terms of what is predicted; all 1 where gamma is 0."""
        alphas = self.alphas[draw.timesteps]
        if not gamma:
            return torch.ones_like(alphas)
        ratio: Tensor = alphas / (1 - alphas)
        capped = ratio.clamp(max=gamma)
        return capped / ratio if self.prediction_type == "epsilon" else capped / (ratio + 1)

    def _parts(self, draw: Draw) -> tuple[Tensor, Tensor]:
        alphas: Tensor = self.alphas[draw.timesteps][:, None, None, None]
        return alphas.sqrt(), (1 - alphas).sqrt()


def row_losses(answer: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of each row, (n,)."""
    return (answer - target).square().mean(dim=(1, 2, 3))
