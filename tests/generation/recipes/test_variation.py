"""Variations: their ranges, the way through JSON and infotext, A1111's own texts, and the seeds of siblings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generation.imaging.infotext import read_infotext, write_infotext
from generation.recipes.checks import MAX_SEED, InvalidRecipe
from generation.recipes.picture import Recipe
from generation.recipes.variation import INFOTEXT_KEYS, Variation

EVERYTHING = Variation(7, 0.25, (768, 512))


@pytest.mark.parametrize("variation", [EVERYTHING, Variation(9, 1.0), Variation(0, 0.0, (64, 1536))])
def test_it_survives_json_and_infotext(variation: Variation) -> None:
    recipe = Recipe("a cat", variation=variation)
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    assert Variation.from_infotext(read_infotext(write_infotext(recipe)).fields) == variation


def test_infotext_uses_no_other_keys() -> None:
    plain = read_infotext(write_infotext(Recipe("a cat"))).fields
    assert set(read_infotext(write_infotext(Recipe("a cat", variation=EVERYTHING))).fields) - set(plain) == {
        *INFOTEXT_KEYS
    }
    assert "variation" not in Recipe("a cat").to_json() and Variation.from_infotext(plain) is None


def test_a_text_of_a1111s_is_read() -> None:
    text = (
        "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x768, Model: x, "
        "Variation seed: 123, Variation seed strength: 0.4, Seed resize from: 512x512"
    )
    assert Variation.from_infotext(read_infotext(text).fields) == Variation(123, 0.4, (512, 512))
    assert Variation.from_infotext({"Variation seed": "5", "Variation seed strength": "0"}) is None
    assert Variation.from_infotext({"Seed resize from-1": "0", "Seed resize from-2": "0"}) is None


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"seed": -1}, "variation_seed"),
        ({"seed": MAX_SEED + 1}, "variation_seed"),
        ({"strength": 1.1}, "variation_strength"),
        ({"strength": float("nan")}, "variation_strength"),
        ({"resize_from": (512, 36)}, "seed_resize_from"),
        ({"resize_from": (516, 512)}, "seed_resize_from"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRecipe) as refused:
        Variation(**values)
    assert refused.value.field == field


def test_siblings_of_a_variation_keep_their_seed() -> None:
    """As in A1111: else their strength would say nothing, each being of another picture."""
    varied = Recipe("a cat", seed=5, variation=Variation(MAX_SEED, 0.2, (64, 64)))
    next_one = varied.sibling(1)
    assert (next_one.seed, next_one.variation) == (5, Variation(0, 0.2, (64, 64)))
    resized = Recipe("a cat", seed=5, variation=Variation(0, 0.0, (64, 64)))
    assert (resized.sibling(2).seed, resized.sibling(2).variation) == (7, resized.variation)
    assert Recipe("a cat", seed=MAX_SEED).sibling(1).seed == 0


def test_nothing_varied_is_no_variation() -> None:
    assert Variation.of(7, 0.0) is None
    assert Variation.of(7, 0.0, (64, 64)) == Variation(0, 0.0, (64, 64))
