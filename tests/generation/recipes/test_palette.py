"""Palettes: colours as people type them, and the way through JSON and infotext."""

from __future__ import annotations

import json

import pytest

from generation.imaging.infotext import read_infotext, write_infotext
from generation.recipes.checks import InvalidRecipe
from generation.recipes.palette import INFOTEXT_KEYS, Palette
from generation.recipes.picture import Recipe


@pytest.mark.parametrize("palette", [Palette(("#c2412d",)), Palette(("#000000", "#ffffff", "#0a0b0c"), 0.35)])
def test_it_survives_json_and_infotext(palette: Palette) -> None:
    recipe = Recipe("a cat", palette=palette)
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    fields = read_infotext(write_infotext(recipe)).fields
    assert Palette.from_infotext(fields) == palette
    assert set(fields) - set(read_infotext(write_infotext(Recipe("a cat"))).fields) == {*INFOTEXT_KEYS}


def test_colours_are_read_as_they_are_typed() -> None:
    assert Palette.read("#C2412D, fa2\n  #f2a93b;#ffaa22") == Palette(("#c2412d", "#ffaa22", "#f2a93b"))
    assert Palette.read(" ") is None and Palette.read("#fff", 0.0) is None
    assert Palette(("#0a0b0c",)).rgb == [(10, 11, 12)]


@pytest.mark.parametrize("text", ["red", "#12345", "#gggggg", "#000 #111 #222 #333 #444 #555"])
def test_what_is_no_palette_is_refused(text: str) -> None:
    with pytest.raises(InvalidRecipe) as refused:
        Palette.read(text)
    assert (refused.value.code, refused.value.field) == ("bad-palette", "palette")


def test_its_strength_is_bounded() -> None:
    with pytest.raises(InvalidRecipe, match="between 0 and 1"):
        Palette.read("#fff", 1.5)


def test_a_recipe_without_one_says_nothing_of_it() -> None:
    assert "palette" not in Recipe("a cat").to_json() and Palette.from_infotext({}) is None
