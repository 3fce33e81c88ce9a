"""Inversion and blending of a recipe: ranges, the way through JSON and infotext, and what they cost."""

from __future__ import annotations

import json

import pytest

from generation.imaging.infotext import read_infotext, write_infotext
from generation.recipes import blending, inversion
from generation.recipes.blending import Blend
from generation.recipes.checks import InvalidRecipe
from generation.recipes.inversion import PASSES, Inversion, Inverted
from generation.recipes.picture import Recipe
from generation.recipes.pricing import work
from generation.recipes.starting import PictureRef, Start

FIRST = Inverted(PictureRef("ab" * 32, 512, 256), "a cat, asleep: on a mat")
SECOND = Inverted(PictureRef("cd" * 32, 64, 64))


@pytest.mark.parametrize("value", [Inversion(FIRST), Inversion(SECOND), Inversion(FIRST, SECOND, 0.3)])
def test_an_inversion_survives_json_and_infotext(value: Inversion) -> None:
    recipe = Recipe("a dog", inversion=value)
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    assert Inversion.from_infotext(read_infotext(write_infotext(recipe)).fields) == value


def test_a_blend_survives_json_and_infotext() -> None:
    recipe = Recipe("a dog", blend=Blend("a cat, “asleep”\nSteps: 3, on: a mat ", 0.125))
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    assert Blend.from_infotext(read_infotext(write_infotext(recipe)).fields) == recipe.blend


def test_infotext_uses_no_other_keys() -> None:
    plain = {*read_infotext(write_infotext(Recipe("a cat"))).fields}
    both = Recipe("a cat", inversion=Inversion(FIRST, Inverted(SECOND.picture, "b"), 0.5), blend=Blend("a dog"))
    assert {*read_infotext(write_infotext(both)).fields} - plain == {*inversion.INFOTEXT_KEYS, *blending.INFOTEXT_KEYS}
    assert not {"inversion", "blend"} & Recipe("a cat").to_json().keys()


def test_what_cannot_be_is_refused() -> None:
    for make in (lambda: Inversion(FIRST, SECOND, 1.2), lambda: Blend("a cat", -0.1), lambda: Blend("  ")):
        with pytest.raises(InvalidRecipe):
            make()
    with pytest.raises(InvalidRecipe, match="numbers that cannot be read"):
        Inversion.from_infotext({"Inverted image hash": "ab" * 32, "Inverted image size-1": "x"})
    with pytest.raises(InvalidRecipe) as refused:
        Recipe("a cat", start=Start(FIRST.picture), inversion=Inversion(FIRST))
    assert refused.value.code == "start-and-inversion"


def test_all_prompts_and_pictures_are_told() -> None:
    recipe = Recipe("a cat", inversion=Inversion(FIRST, SECOND), blend=Blend("a dog"))
    assert recipe.further_prompts == ("a dog", FIRST.prompt)
    assert recipe.pictures == (FIRST.picture, SECOND.picture)
    assert Recipe("a cat").further_prompts == ()


def test_finding_the_noise_is_work() -> None:
    """One row a picture and call, where a guided step has two."""
    plain = Recipe("a cat", width=64, height=64, steps=10)
    assert work(plain.replace(inversion=Inversion(FIRST))) / work(plain) == 1 + PASSES / 2
    assert work(plain.replace(inversion=Inversion(FIRST, SECOND))) / work(plain) == 1 + PASSES
