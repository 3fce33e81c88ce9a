"""Losses that can be compared from step to step: the same pictures, timesteps and noise every time."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

import torch

from generation.engine.training.diffusion import DiffusionNoise, generator_for, row_losses
from generation.engine.training.learner import Batch, TrainingContext
from generation.recipes.training import MEASURED_ROWS

MOST_PICTURES = 16
FEWEST_ROWS_EACH = 2


def fixed_loss(context: TrainingContext, pictures: Sequence[int]) -> float:
    """Mean unweighted loss of these pictures under their captions, over timesteps spread over the whole schedule.

    Of many pictures every so-manieth stands for the others. The adapter in use is what is measured.
    """
    chosen = pictures[:: -(-len(pictures) // MOST_PICTURES)]
    rows = max(FEWEST_ROWS_EACH, MEASURED_ROWS // len(chosen))
    return mean(loss for index in chosen for loss in _losses_of(context, index, rows))


def _losses_of(context: TrainingContext, index: int, rows: int) -> list[float]:
    losses: list[float] = []
    at_once = 2 * context.recipe.batch  # without the way back, this takes less time and memory than a step
    for start in range(0, rows, at_once):
        numbers = range(start, min(rows, start + at_once))
        with context.material.time_slice(), torch.no_grad():
            losses += _batch_losses(context, index, numbers, rows)
    return losses


def _batch_losses(context: TrainingContext, index: int, numbers: range, rows: int) -> list[float]:
    material, diffusion = context.material, context.diffusion
    latents, time_ids = material.latents([index])
    count = len(numbers)
    captions = material.encoded([material.captions[index]]).rows([0] * count)
    batch = Batch(latents.expand(count, -1, -1, -1), captions, time_ids * count)
    timesteps = torch.tensor([(2 * number + 1) * diffusion.timesteps // (2 * rows) for number in numbers])
    noise = [torch.randn(latents.shape, generator=generator_for("validation", index, number)) for number in numbers]
    added = DiffusionNoise(timesteps.to(latents.device), torch.cat(noise).to(latents.device))
    noisy = diffusion.noisy(batch.latents, added)
    prediction = material.networks.predict(noisy, added.timesteps, captions, batch.time_ids)
    return [float(loss) for loss in row_losses(prediction, diffusion.target(batch.latents, added))]
