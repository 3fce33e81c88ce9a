"""The table of recipe fields: complete, and each row's values survive every form in which they are told."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.refusals import Refusal
from generation.imaging.infotext import read_infotext, write_infotext
from generation.imaging.matching import Lookups, match_recipe
from generation.recipes.checks import InvalidRecipe
from generation.recipes.fields import COUNT, FIELDS, Choice, Name, Number, Prompt, RecipeField, Side, defaults_for
from generation.recipes.grids.axes import AXES, Axis
from generation.recipes.picture import Recipe
from generation.recipes.sampling import SAMPLERS, SCHEDULES

NOT_ONE_VALUE = {
    "checkpoint_sha256",
    "vae_sha256",
    "loras",
    "embeddings",
    "start",
    "variation",
    "inversion",
    "blend",
    "palette",
    "controls",
    "hires",
    "enlarge",
}
BASE = Recipe("a (red) apple")
EVERY_ROW = pytest.mark.parametrize("row", FIELDS.values(), ids=list(FIELDS))


def another_value(row: RecipeField) -> Any:
    """A value that is not the default and that every field of the kind can have."""
    if isinstance(row, Prompt):
        return "two (pears),\nand a plum "
    if isinstance(row, Side):
        return 704
    if isinstance(row, Number):
        return row.number((row.limits[0] + row.limits[1]) / 2)
    return [*row.choices][-1] if isinstance(row, Choice | Name) and row.choices else "another"


def test_every_field_of_the_recipe_has_a_row() -> None:
    assert {field.name for field in dataclasses.fields(Recipe)} - NOT_ONE_VALUE == set(FIELDS)


def test_the_recipes_defaults_are_the_tables() -> None:
    assert {name: getattr(BASE, name) for name in FIELDS} == {
        **{name: row.default for name, row in FIELDS.items()},
        "prompt": BASE.prompt,
    }


@EVERY_ROW
def test_a_row_says_what_people_need(row: RecipeField) -> None:
    assert row.title and row.explanation.endswith(".")


@EVERY_ROW
def test_a_value_is_typed_and_read_back(row: RecipeField) -> None:
    value = another_value(row)
    assert row.read(row.text(value)) == value and value != row.default
    row.check(value)


@EVERY_ROW
def test_a_value_survives_infotext(row: RecipeField) -> None:
    recipe = BASE.replace(**{row.name: another_value(row)})

    def find(name: str, hash: str) -> tuple[str, ...]:
        return (name,) if name else ()

    lookups = Lookups(find, find, find, find, SAMPLERS, SCHEDULES)
    matched = match_recipe(read_infotext(write_infotext(recipe)), lookups)
    assert matched.values[row.name] == getattr(recipe, row.name)
    assert matched.unmatched == []


@EVERY_ROW
def test_a_value_survives_json(row: RecipeField) -> None:
    recipe = BASE.replace(**{row.name: another_value(row)})
    assert Recipe.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize("name", sorted(set(FIELDS) & set(AXES) - {"prompt"}))
def test_a_value_stands_on_an_axis(name: str) -> None:
    row = FIELDS[name]
    value = " ".join(another_value(row).split()) if isinstance(row, Prompt) else another_value(row)
    axis = Axis.read(name, f'"{row.text(value)}"' if isinstance(value, str) else row.text(value))
    assert getattr(axis.apply(BASE, axis.values[0]), name) == value


@EVERY_ROW
def test_the_recipe_refuses_what_its_row_refuses(row: RecipeField) -> None:
    bad = row.limits[1] + 1 if isinstance(row, Number) else "x\x00" * 2_000
    with pytest.raises(InvalidRecipe) as by_row:
        row.check(bad)
    with pytest.raises(InvalidRecipe) as by_recipe:
        BASE.replace(**{row.name: bad})
    assert (by_row.value.code, by_row.value.message) == (by_recipe.value.code, by_recipe.value.message)
    assert (by_recipe.value.field, by_recipe.value.status) == (row.name, 422)


def test_the_number_of_pictures_has_no_most_of_its_own() -> None:
    """That is the plan's."""
    COUNT.check(10**9)
    steps = FIELDS["steps"]
    assert isinstance(steps, Number) and (COUNT.most, steps.most) == (None, 60)
    with pytest.raises(InvalidRecipe, match=r"^Number of pictures must be at least 1\.$"):
        COUNT.check(0)


def test_names_that_the_table_knows_are_refused_apart() -> None:
    """A recipe that was kept may name a sampler that has gone; a new one may not."""
    sampler, checkpoint = FIELDS["sampler"], FIELDS["checkpoint"]
    assert isinstance(sampler, Name) and isinstance(checkpoint, Name)
    sampler.check("Magic")
    with pytest.raises(Refusal, match=r"^There is no sampler “Magic”\.$") as refused:
        sampler.check_known("Magic")
    assert (refused.value.code, refused.value.field) == ("unknown-sampler", "sampler")
    checkpoint.check_known("anything")


def test_large_limits_are_told_in_full() -> None:
    with pytest.raises(InvalidRecipe, match=r"between 0 and 4,294,967,295\."):
        FIELDS["seed"].check(2**32)


def test_defaults_are_the_checkpoints_where_it_has_its_own() -> None:
    checkpoint = SimpleNamespace(
        name="emoji", native_width=128, native_height=96, default_steps=9, default_cfg_scale=4.0, default_sampler="DDIM"
    )
    defaults = defaults_for(checkpoint)
    assert (defaults["width"], defaults["height"], defaults["steps"]) == (128, 96, 9)
    assert (defaults["checkpoint"], defaults["sampler"], defaults["clip_skip"]) == ("emoji", "DDIM", 1)
    assert not {"prompt", "seed"} & set(defaults)
