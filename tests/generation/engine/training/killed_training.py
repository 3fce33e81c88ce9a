"""A training in a process of its own, to be killed.

`python -m tests.generation.engine.training.killed_training DIR STEPS`
"""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

import torch

from generation.engine.training import sampling, trainer
from generation.engine.training.trainer import Finished, Progress, train
from generation.recipes.training import TrainingRecipe
from tests.generation.engine.training.lessons import bars
from tests.tiny_weights import BUNDLED_CHECKPOINT

SAVE_EVERY = 20


def recipe(steps: int) -> TrainingRecipe:
    """The bundled checkpoint at 64 pixels; samples at the start, in the middle and at the end."""
    return TrainingRecipe(steps=steps, batch=1, resolution=64, rank=4, alpha=4.0, sample_every=max(10, steps // 2))


def main() -> None:
    torch.set_num_threads(1)
    with mock.patch.object(sampling, "SAMPLE_STEPS", 2), mock.patch.object(trainer, "SAVE_EVERY", SAVE_EVERY):
        for event in train(recipe(int(sys.argv[2])), BUNDLED_CHECKPOINT, bars(), Path(sys.argv[1])):
            if isinstance(event, Progress):
                print(event.step, flush=True)
            elif isinstance(event, Finished):
                print(event.file, flush=True)


if __name__ == "__main__":
    main()
