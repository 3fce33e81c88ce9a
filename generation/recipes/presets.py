"""Sets of training settings with a sentence each, for those who do not want to think about ranks and rates. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generation.recipes.training import TrainingRecipe

USUAL_RATES: Mapping[str, float] = {"mini": 1e-3, "sd1": 2e-4, "sd2": 2e-4, "sdxl": 1e-4}
"""The learning rate that a family bears, by its key: the larger the networks, the smaller."""


@dataclass(frozen=True, slots=True)
class Preset:
    """`changes` are fields of a training recipe; `rate` multiplies the family's usual learning rate."""

    title: str
    sentence: str
    changes: Mapping[str, Any]
    rate: float = 1.0


FIRST_PRESET = "style"

PRESETS: Mapping[str, Preset] = {
    "style": Preset(
        "A style",
        "Learns a manner of drawing (colours, lines, materials) and leaves alone what things are.",
        {"parts": ("attention",), "rank": 8, "alpha": 8.0, "steps": 2500},
    ),
    "thing": Preset(
        "A thing or a person",
        "Learns what one thing looks like: more layers and a finer rate, with pictures of its kind drawn first so that"
        " the kind is not forgotten. Name the kind as the prior prompt; each step costs twice as much.",
        {
            "parts": ("attention", "feed_forward"),
            "rank": 16,
            "alpha": 16.0,
            "steps": 2000,
            "warmup_steps": 100,
            "prior_weight": 1.0,
        },
        rate=0.5,
    ),
    "thorough": Preset(
        "A strong style",
        "Learns every layer, for looks that are far from what the checkpoint draws; wants twenty pictures or more.",
        {
            "parts": ("attention", "feed_forward", "convolution"),
            "rank": 16,
            "alpha": 16.0,
            "steps": 2500,
            "schedule": "cosine",
            "warmup_steps": 50,
            "min_snr_gamma": 5.0,
        },
    ),
    "quick": Preset(
        "A quick look",
        "A fifth of the steps and the credits: shows whether these pictures teach anything before more is spent.",
        {"parts": ("attention",), "rank": 8, "alpha": 8.0, "steps": 500, "sample_every": 100},
    ),
}


def preset_fields(name: str, family: str) -> dict[str, Any]:
    """The fields that a preset sets, at the rate that the checkpoint's family bears. Raises KeyError."""
    preset = PRESETS[name]
    rate = USUAL_RATES[family] * preset.rate
    return {**preset.changes, "learning_rate": rate, "text_learning_rate": rate / 4}


def with_preset(recipe: TrainingRecipe, name: str, family: str, **changes: Any) -> TrainingRecipe:
    """The recipe with a preset's settings, and over them the changes. Raises KeyError and InvalidRecipe.

    One step, since a preset alone may be no recipe yet: that of a thing wants to know its kind.
    """
    return recipe.replace(**{**preset_fields(name, family), **changes})
