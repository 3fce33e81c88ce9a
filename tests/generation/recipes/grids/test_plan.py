"""Grids as arithmetic: values of axes, mixtures, places of cells, and the way through JSON."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.recipes.checks import InvalidRecipe
from generation.recipes.grids.axes import AXES, Axis, numbers, whole_numbers
from generation.recipes.grids.mixing import Mix
from generation.recipes.grids.plan import GridPlan
from generation.recipes.picture import Recipe

BASE = Recipe("a red apple <lora:ink:0.8>", seed=5)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("5, 7.5", ["5", "7.5"]),
        ("1-4", ["1", "2", "3", "4"]),
        ("4-1", ["4", "3", "2", "1"]),
        ("1-9 (+4)", ["1", "5", "9"]),
        ("0-1 [5]", ["0", "0.25", "0.5", "0.75", "1"]),
        ("-1", ["-1"]),
    ],
)
def test_numbers_and_ranges(text: str, values: list[str]) -> None:
    assert numbers(text) == values


@pytest.mark.parametrize("text", ["x", "1-", "nan?", "1e400x"])
def test_what_is_no_number_is_named(text: str) -> None:
    with pytest.raises(InvalidRecipe, match="neither a number nor a range"):
        numbers(text)


def test_steps_are_whole() -> None:
    with pytest.raises(InvalidRecipe, match="whole"):
        whole_numbers("4.5")


@given(st.text(max_size=60), st.sampled_from(sorted(AXES)))
def test_any_text_is_read_or_refused(text: str, field: str) -> None:
    try:
        axis = Axis.read(field, text, "red")
    except InvalidRecipe:
        return
    assert 1 <= len(axis.values) <= 36


@pytest.mark.parametrize(
    ("field", "text", "target", "expected"),
    [
        ("steps", "4", "", BASE.replace(steps=4)),
        ("cfg_scale", "5.5", "", BASE.replace(cfg_scale=5.5)),
        ("seed", "9", "", BASE.replace(seed=9)),
        ("sampler", "DDIM", "", BASE.replace(sampler="DDIM")),
        ("schedule", "Karras", "", BASE.replace(schedule="Karras")),
        ("size", "64x128", "", BASE.replace(width=64, height=128)),
        ("checkpoint", "base", "", BASE.replace(checkpoint="base")),
        ("vae", "soft", "", BASE.replace(vae="soft")),
        ("negative_prompt", '"dull, grey"', "", BASE.replace(negative_prompt="dull, grey")),
        ("clip_skip", "2", "", BASE.replace(clip_skip=2)),
        ("emphasis", "no-norm", "", BASE.replace(emphasis="no-norm")),
        ("prompt", "green", "red", BASE.replace(prompt="a green apple <lora:ink:0.8>")),
        ("lora_weight", "0.5", "ink", BASE.replace(prompt="a red apple <lora:ink:0.5>")),
        ("lora", "oil", "ink", BASE.replace(prompt="a red apple <lora:oil:0.8>")),
    ],
)
def test_every_field_can_be_an_axis(field: str, text: str, target: str, expected: Recipe) -> None:
    axis = Axis.read(field, text, target)
    assert axis.apply(BASE, axis.values[0]) == expected


def test_each_field_is_tried_above() -> None:
    tried = test_every_field_can_be_an_axis.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {row[0] for row in tried} == set(AXES)


def test_three_axes_make_sheets_of_rows() -> None:
    plan = GridPlan(BASE, (Axis.read("steps", "4, 8, 12"), Axis.read("cfg_scale", "5,7"), Axis.read("seed", "1-2")))
    assert plan.count == len(plan.cells()) == 12
    assert [cell.place for cell in plan.cells()] == list(range(12))
    one, two = plan.sheets()
    assert one.title == "Seed 1" and one.columns == ("Steps 4", "Steps 8", "Steps 12") and one.labels[1] == "CFG 7"
    last = two.rows[1][2].recipe
    assert (last.seed, last.cfg_scale, last.steps) == (2, 7.0, 12)


@pytest.mark.parametrize(("count", "points"), [(2, 5), (3, 4), (4, 3)])
def test_mixtures_add_up_and_meet_the_corners(count: int, points: int) -> None:
    names = ("ink", "oil", "pop", "wax")[:count]
    cells = [weights for row in Mix(names, points).rows() for weights in row]
    assert all(sum(weights) == pytest.approx(1) and min(weights) >= 0 for weights in cells)
    corners = [tuple(float(i == corner) for i in range(count)) for corner in range(count)]
    assert all(any(weights == pytest.approx(corner) for weights in cells) for corner in corners)
    assert len({tuple(round(weight, 6) for weight in weights) for weights in cells}) == len(cells)


def test_a_mixture_is_written_into_the_prompt() -> None:
    plan = GridPlan(BASE, mix=Mix(("ink", "oil"), 3, strength=0.8))
    prompts = [cell.recipe.prompt for cell in plan.cells()]
    assert prompts == [
        "a red apple <lora:ink:0.8>", "a red apple <lora:ink:0.4> <lora:oil:0.4>", "a red apple <lora:oil:0.8>",
    ]  # fmt: skip
    assert {cell.recipe.seed for cell in plan.cells()} == {5}
    assert [cell.caption for cell in plan.cells()] == ["ink", "50 · 50 %", "oil"]


@pytest.mark.parametrize(
    "mix",
    [(("ink",), 5, 1.0), (("ink", "ink"), 5, 1.0), (("ink", "oil"), 1, 1.0), (("a", "b", "c"), 9, 1.0),
     (("a", "b", "c", "d"), 7, 1.0), (("ink", "oil"), 5, 0.0), (("ink", "oil"), 5, 2.5)],
)  # fmt: skip
def test_odd_mixtures_are_refused(mix: tuple[tuple[str, ...], int, float]) -> None:
    with pytest.raises(InvalidRecipe):
        Mix(*mix)


@pytest.mark.parametrize(
    "plan",
    [
        GridPlan(BASE, (Axis.read("prompt", "green, blue", "red"), Axis.read("steps", "4-6"))),
        GridPlan(BASE, mix=Mix(("ink", "oil", "pop"), 3)),
    ],
)
def test_plans_survive_json(plan: GridPlan) -> None:
    assert GridPlan.from_json(plan.to_json()) == plan
    assert plan.script_text().startswith("Script: ")


def test_a_grid_has_an_end() -> None:
    with pytest.raises(InvalidRecipe, match="at most 64"):
        GridPlan(BASE, (Axis.read("steps", "1-10"), Axis.read("seed", "1-10")))
    with pytest.raises(InvalidRecipe, match="at least one axis"):
        GridPlan(BASE)
    with pytest.raises(InvalidRecipe, match="does not stand"):
        GridPlan(BASE, (Axis.read("prompt", "green", "purple"),)).cells()
