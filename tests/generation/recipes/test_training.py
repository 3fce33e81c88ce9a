"""Training recipes check their ranges and survive JSON; splits hold out by seed; presets and prices follow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.recipes.checks import InvalidRecipe
from generation.recipes.presets import PRESETS, USUAL_RATES, with_preset
from generation.recipes.pricing import training_price, training_work
from generation.recipes.training import PARTS, TrainingRecipe, default_folds, default_prompts, folds_of, split


def test_it_survives_json() -> None:
    recipe = TrainingRecipe("base", parts=PARTS, sample_prompts=("a", "b"), held_out=3)
    assert TrainingRecipe.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize(
    "change, field",
    [
        ({"steps": 0}, "steps"),
        ({"rank": 200}, "rank"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"optimizer": "magic"}, "optimizer"),
        ({"schedule": "magic"}, "schedule"),
        ({"parts": ()}, "parts"),
        ({"parts": ("vae",)}, "parts"),
        ({"resolution": 100}, "resolution"),
        ({"sample_prompts": ("a",) * 9}, "sample_prompts"),
        ({"trigger": "x" * 81}, "trigger"),
        ({"prior_weight": 0.5}, "prior_prompt"),
        ({"prior_weight": 0.5, "prior_prompt": " "}, "prior_prompt"),
        ({"steps": 2500, "sample_every": 62}, "sample_every"),
    ],
)
def test_what_cannot_be_trained_is_refused(change: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRecipe) as refused:
        TrainingRecipe(**change)  # type: ignore[arg-type]
    assert refused.value.field == field


@given(st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_a_quarter_is_held_out_and_something_is_always_learned(count: int, seed: int) -> None:
    held_out = split(count, seed)
    assert len(held_out) == min(round(count / 4), count - 1)
    assert held_out <= set(range(count)) and held_out == split(count, seed)
    assert len(split(count, seed, count)) == count - 1
    assert split(count, seed, 0) == frozenset()


def test_two_of_nine_are_held_out() -> None:
    assert len(split(9, 0)) == 2
    assert len({split(9, seed) for seed in range(20)}) > 5


@given(st.integers(1, 12), st.integers(0, 99), st.integers(2, 5))
def test_each_picture_is_held_out_in_one_fold(count: int, seed: int, folds: int) -> None:
    found = folds_of(count, seed, folds)
    assert sorted(index for fold in found for index in fold) == list(range(count))
    assert max(map(len, found)) - min(map(len, found)) <= 1


def test_few_pictures_have_folds() -> None:
    assert [default_folds(count) for count in (0, 1, 2, 3, 7, 8, 200)] == [1, 1, 2, 3, 3, 1, 1]


@pytest.mark.parametrize(
    ("held_out", "expected"),
    [({2, 4}, ("c", "e", "a", "b")), ({1}, ("b", "a", "c", "d")), ((), ("a", "b", "c", "d"))],
)
def test_samples_are_drawn_from_captions_of_both_kinds(held_out: set[int], expected: tuple[str, ...]) -> None:
    assert default_prompts("abcde", held_out) == expected
    assert default_prompts(["noto"] * 5, held_out) == ("noto",)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("family", USUAL_RATES)
def test_every_preset_is_a_recipe(name: str, family: str) -> None:
    recipe = with_preset(TrainingRecipe("base", prior_prompt="a cat"), name, family)
    assert recipe.checkpoint == "base" and recipe.learning_rate <= USUAL_RATES[family]
    assert PRESETS[name].sentence.endswith(".")


def test_the_price_follows_the_work() -> None:
    recipe = TrainingRecipe()
    assert training_price(recipe, 9, native_side=128) == 26
    assert training_price(recipe.replace(steps=1), 9, native_side=128) == 1
    once = training_work(recipe, 9)
    assert training_work(recipe.replace(steps=5000), 9) == pytest.approx(2 * once, rel=0.01)
    assert training_work(recipe.replace(folds=3), 9) == pytest.approx(4 * once, rel=0.1)
    assert training_work(recipe.replace(prior_weight=1.0, prior_prompt="a cat"), 9) == pytest.approx(2 * once, rel=0.1)
    assert training_work(recipe.replace(resolution=256), 9) == training_work(recipe, 9, native_side=256)


def test_samples_are_paid_like_drawing() -> None:
    """Eight prompts at forty snapshots are 320 pictures of twenty steps."""
    few = TrainingRecipe(steps=1000, sample_every=1000, sample_prompts=("a",))
    many = few.replace(sample_every=25, sample_prompts=("a",) * 8)
    drawn, measured = 8 * 41 - 2, 2 * (41 - 2)
    assert training_work(many, 9) - training_work(few, 9) == 512**2 * (drawn * 20 + measured * 16)
    assert training_price(many, 9) > 2 * training_price(few, 9)


def test_forty_snapshots_are_the_most() -> None:
    assert TrainingRecipe(steps=2500, sample_every=63)
    with pytest.raises(InvalidRecipe, match="At most 40 snapshots"):
        TrainingRecipe(steps=2500, sample_every=62)


def test_the_preset_of_a_thing_keeps_its_kind() -> None:
    with pytest.raises(InvalidRecipe, match="Name the kind"):
        with_preset(TrainingRecipe("base"), "thing", "sd1")
    assert with_preset(TrainingRecipe("base"), "thing", "sd1", prior_prompt="a cat").prior_weight == 1.0
    assert with_preset(TrainingRecipe("base"), "thing", "sd1", prior_weight=0.0).prior_weight == 0.0
