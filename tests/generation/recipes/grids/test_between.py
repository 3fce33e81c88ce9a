"""The way between two ends: what each picture of it is drawn by, and the way of its plan through JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generation.recipes.checks import InvalidRecipe
from generation.recipes.grids.between import Between
from generation.recipes.grids.mixing import Mix
from generation.recipes.grids.plan import GridPlan
from generation.recipes.picture import Recipe
from generation.recipes.starting import PictureRef
from generation.recipes.variation import Variation

BASE = Recipe("a cat", seed=7)
TWO = (PictureRef("ab" * 32, 64, 64), PictureRef("cd" * 32, 64, 64))


def test_between_seeds_the_noise_is_turned() -> None:
    first, middle, last = (cell.recipe for cell in GridPlan(BASE, between=Between("seeds", 3, seed=9)).cells())
    assert first == BASE
    assert (middle.seed, middle.variation, last.variation) == (7, Variation(9, 0.5), Variation(9, 1.0))


def test_between_prompts_the_text_is_turned() -> None:
    first, *others = (cell.recipe for cell in GridPlan(BASE, between=Between("prompts", 3, prompt="a dog")).cells())
    assert first == BASE
    assert [(each.blend and each.blend.prompt, each.blend and each.blend.amount) for each in others] == [
        ("a dog", 0.5), ("a dog", 1.0),
    ]  # fmt: skip


def test_between_pictures_both_are_inverted() -> None:
    way = Between("pictures", 5, pictures=TWO, prompt="a dog")
    recipe = GridPlan(BASE, between=way).cells()[1].recipe
    assert recipe.inversion is not None and recipe.inversion.toward is not None and recipe.blend is not None
    assert (recipe.inversion.source.prompt, recipe.inversion.toward.prompt) == ("a cat", "a dog")
    assert (recipe.inversion.amount, recipe.blend.amount) == (0.25, 0.25)
    same = Between("pictures", 3, pictures=TWO).apply(BASE, 0.5)
    assert same.inversion is not None and same.inversion.toward is not None
    assert same.inversion.toward.prompt == "a cat" and same.blend is None


@pytest.mark.parametrize(
    ("frames", "loop", "shown"), [(3, False, [0, 1, 2]), (3, True, [0, 1, 2, 1]), (4, True, [0, 1, 2, 3, 2, 1])]
)
def test_a_loop_goes_back_the_way_it_came(frames: int, loop: bool, shown: list[int]) -> None:
    assert Between("seeds", frames, loop=loop).shown == shown


def test_the_sheet_has_rows_of_eight() -> None:
    (sheet,) = GridPlan(BASE, between=Between("seeds", 12)).sheets()
    assert [len(row) for row in sheet.rows] == [8, 4]
    assert [cell.place for row in sheet.rows for cell in row] == [*range(12)]
    assert (sheet.rows[0][0].caption, sheet.rows[1][3].caption) == ("0 %", "100 %")


@pytest.mark.parametrize("way", [Between("seeds", 5, 12, False, 3), Between("pictures", pictures=TWO, prompt="a dog")])
def test_its_plan_survives_json(way: Between) -> None:
    plan = GridPlan(BASE, between=way)
    assert GridPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    assert plan.count == way.frames and "between" not in GridPlan(BASE, mix=Mix(("a", "b"))).to_json()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "worlds"}, "between"),
        ({"kind": "seeds", "frames": 2}, "frames"),
        ({"kind": "seeds", "frames": 65}, "frames"),
        ({"kind": "seeds", "rate": 0}, "rate"),
        ({"kind": "seeds", "seed": -1}, "other_seed"),
        ({"kind": "prompts"}, "other_prompt"),
        ({"kind": "pictures", "pictures": TWO[:1]}, "pictures"),
        ({"kind": "seeds", "pictures": TWO}, "pictures"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRecipe) as refused:
        Between(**values)
    assert refused.value.field == field


def test_a_plan_is_one_thing() -> None:
    with pytest.raises(InvalidRecipe):
        GridPlan(BASE, mix=Mix(("a", "b")), between=Between("seeds"))
