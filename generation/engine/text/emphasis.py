"""Weighs encoded tokens: the two emphasis modes of a recipe, as a table of functions on one chunk of several texts."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Emphasis = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(states (texts, T, dim), weights (texts, T), occurrences (texts,)) -> weighted states of the same shape."""


ROUNDING = 1e-5


def scale(states: Tensor, weights: Tensor, occurrences: Tensor) -> Tensor:
    """Each token's vector times its weight ("No norm"), states (texts, T, dim); recommended for SDXL."""
    return states * weights.unsqueeze(-1)


def scale_and_restore_mean(states: Tensor, weights: Tensor, occurrences: Tensor) -> Tensor:
    """Each token's vector times its weight, (texts, T, dim), then all times one number that brings the old mean back.

    This is AUTOMATIC1111's "Original". The mean runs over the whole tensor: padding and all texts of one schedule
    included. A text that the schedule uses several times counts several times (`occurrences`). Means that are nothing
    but rounding beside the values (after a layer norm without bias) are left alone: their quotient would be noise.
    """
    weighted = scale(states, weights, occurrences)
    before, after = mean_over_schedule(states, occurrences), mean_over_schedule(weighted, occurrences)
    rounding = ROUNDING * states.abs().mean(dtype=torch.float32)
    return weighted * (before / after) if min(before.abs(), after.abs()) > rounding else weighted


def mean_over_schedule(states: Tensor, occurrences: Tensor) -> Tensor:
    """The mean () in float32 of states (texts, T, dim), each text counted as often as `occurrences` (texts,) says."""
    means = states.mean(dim=(1, 2), dtype=torch.float32)
    return (means * occurrences).sum() / occurrences.sum()


EMPHASIS: dict[str, Emphasis] = {"original": scale_and_restore_mean, "no-norm": scale}


def emphasise(mode: str, states: Tensor, weights: Tensor, occurrences: Tensor) -> Tensor:
    """The states (texts, T, dim) weighted by `mode` (a key of EMPHASIS); the same tensor where every weight is 1."""
    if bool((weights == 1).all()):
        return states
    return EMPHASIS[mode](states, weights.to(states), occurrences.to(states.device))
