"""The optimizer table, and the learning rate over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

from generation.engine.training.adapters import Adapters
from generation.recipes.training import TrainingRecipe

Groups = list[dict[str, Any]]

TABLE: Mapping[str, Callable[[Groups, TrainingRecipe], torch.optim.Optimizer]] = {
    "adamw": lambda groups, recipe: torch.optim.AdamW(groups, weight_decay=recipe.weight_decay, fused=True),
    "adafactor": lambda groups, recipe: torch.optim.Adafactor(groups, weight_decay=recipe.weight_decay),
    "sgd": lambda groups, recipe: torch.optim.SGD(groups, momentum=0.9, weight_decay=recipe.weight_decay),
}

SHAPES: Mapping[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "linear": lambda done: 1.0 - done,
    "cosine": lambda done: 0.5 * (1 + math.cos(math.pi * done)),
}
"""The share of the full rate when `done` (0..1) of the steps after the warm-up lie behind."""


def make_optimizer(recipe: TrainingRecipe, adapters: Adapters, adapter: str) -> torch.optim.Optimizer:
    """One group for the UNet and one for the text encoders, each with its own full rate as `full`."""
    groups = [
        {"params": params, "lr": rate, "full": rate}
        for params, rate in (
            (adapters.of_unet(adapter), recipe.learning_rate),
            (adapters.of_text_encoders(adapter), recipe.text_learning_rate),
        )
        if params
    ]
    return TABLE[recipe.optimizer](groups, recipe)


def rate_at(recipe: TrainingRecipe, step: int) -> float:
    """The share of the full rate at `step`, counted from 0."""
    if step < recipe.warmup_steps:
        return (step + 1) / recipe.warmup_steps
    left = max(1, recipe.steps - recipe.warmup_steps)
    return SHAPES[recipe.schedule](min(1.0, (step - recipe.warmup_steps) / left))


def set_rate(optimizer: torch.optim.Optimizer, share: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = group["full"] * share
