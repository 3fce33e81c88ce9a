"""Losses that can be compared from step to step: the same pictures, timesteps and noise every time."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

import torch

from generation.engine.training.chance import generator_for
from generation.engine.training.diffusion import Draw, row_losses
from generation.engine.training.learner import Batch, Classroom
from generation.recipes.training import MEASURED_ROWS

ROWS = MEASURED_ROWS
"""Over all pictures together."""
MOST_PICTURES = 16
FEWEST_ROWS_EACH = 2


def fixed_loss(room: Classroom, pictures: Sequence[int]) -> float:
    """Mean unweighted loss of these pictures under their captions, over timesteps spread over the whole schedule.

    Of many pictures every so-manieth stands for the others. The adapter in use is what is measured.
    """
    chosen = pictures[:: -(-len(pictures) // MOST_PICTURES)]
    rows = max(FEWEST_ROWS_EACH, ROWS // len(chosen))
    return mean(loss for index in chosen for loss in _losses_of(room, index, rows))


def _losses_of(room: Classroom, index: int, rows: int) -> list[float]:
    losses: list[float] = []
    at_once = 2 * room.recipe.batch  # without the way back, this takes less time and memory than a step
    for start in range(0, rows, at_once):
        numbers = range(start, min(rows, start + at_once))
        with room.material.turn(), torch.no_grad():
            losses += _batch_losses(room, index, numbers, rows)
    return losses


def _batch_losses(room: Classroom, index: int, numbers: range, rows: int) -> list[float]:
    material, diffusion = room.material, room.diffusion
    latents, time_ids = material.latents([index])
    count = len(numbers)
    words = material.words([material.captions[index]]).rows([0] * count)
    batch = Batch(latents.expand(count, -1, -1, -1), words, time_ids * count)
    timesteps = torch.tensor([(2 * number + 1) * diffusion.timesteps // (2 * rows) for number in numbers])
    noise = [torch.randn(latents.shape, generator=generator_for("validation", index, number)) for number in numbers]
    draw = Draw(timesteps.to(latents.device), torch.cat(noise).to(latents.device))
    answer = material.networks.predict(diffusion.noisy(batch.latents, draw), draw.timesteps, words, batch.time_ids)
    return [float(loss) for loss in row_losses(answer, diffusion.target(batch.latents, draw))]
