"""Recipes check their ranges and survive the way through JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generation.recipes.checks import InvalidRecipe
from generation.recipes.picture import EmbeddingPick, LoraPick, Recipe


def test_it_survives_json() -> None:
    recipe = Recipe(
        "a cat <lora:ink:0.5>", loras=(LoraPick("ink", 0.5, 0.2, "ab"),), embeddings=(EmbeddingPick("easy", "cd"),)
    )
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_row_from_before_pictures_from_pictures_is_read_and_written_as_it_was() -> None:
    row = {
        "prompt": "a cat <lora:ink:0.5>", "negative_prompt": "dogs", "width": 640, "height": 512, "steps": 12,
        "cfg_scale": 4.5, "sampler": "DPM++ 2M", "schedule": "Karras", "seed": 7, "clip_skip": 2, "emphasis": "no-norm",
        "checkpoint": "emoji", "checkpoint_sha256": "a" * 64, "vae": "fine", "vae_sha256": "b" * 64,
        "loras": [{"name": "ink", "weight": 0.5, "text_weight": None, "sha256": "c" * 64}],
        "embeddings": [{"name": "easy", "sha256": "d" * 64}],
    }  # fmt: skip
    recipe = Recipe.from_json(row)
    assert json.loads(json.dumps(recipe.to_json())) == row
    assert (recipe.pictures, recipe.size, recipe.is_drawn, recipe.every_lora) == ((), (640, 512), True, recipe.loras)


@pytest.mark.parametrize(
    "change, code",
    [
        ({"prompt": "  \n"}, "empty-prompt"),
        ({"prompt": "x" * 100_000}, "prompt-too-long"),
        ({"prompt": "a\x00b"}, "bad-character"),
        ({"negative_prompt": "x" * 2001}, "prompt-too-long"),
        ({"width": 56}, "bad-width"),
        ({"height": 130}, "bad-size"),
        ({"width": 1536, "height": 1536}, "bad-size"),
        ({"steps": 0}, "bad-steps"),
        ({"steps": 61}, "bad-steps"),
        ({"cfg_scale": float("nan")}, "bad-cfg-scale"),
        ({"cfg_scale": 0.5}, "bad-cfg-scale"),
        ({"seed": -1}, "bad-seed"),
        ({"seed": 2**32}, "bad-seed"),
        ({"clip_skip": 0}, "bad-clip-skip"),
        ({"emphasis": "loud"}, "bad-emphasis"),
    ],
)
def test_out_of_range_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidRecipe) as refusal:
        Recipe(**{"prompt": "a cat", **change})
    assert refusal.value.code == code


@pytest.mark.parametrize("weight", [2.1, -2.1, float("inf"), float("nan")])
def test_a_weight_out_of_range_is_refused(weight: float) -> None:
    with pytest.raises(InvalidRecipe, match="between -2 and 2"):
        LoraPick("ink", weight)


def test_too_many_loras_are_refused() -> None:
    with pytest.raises(InvalidRecipe) as refusal:
        Recipe("a cat", loras=tuple(LoraPick(f"l{n}") for n in range(6)))
    assert refusal.value.code == "too-many-loras"
