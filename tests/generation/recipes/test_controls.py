"""ControlNets of a recipe as a value: its limits, its words in A1111's extension, and what it costs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.imaging.infotext import read_infotext, write_infotext
from generation.recipes.checks import InvalidRecipe
from generation.recipes.controls import (
    MAX_CONTROLS,
    PREPROCESSORS,
    SHARE_OF_A_STEP,
    ControlPick,
    TextControl,
    read_controls,
    steps_of_controls,
    usual_preprocessor,
)
from generation.recipes.picture import Recipe
from generation.recipes.pricing import price, work
from generation.recipes.starting import PictureRef, Start

PICTURE = PictureRef("a" * 64, 512, 768, "code")
PICK = ControlPick("canny-net", PICTURE, "b" * 64, "canny", weight=0.8, start=0.1, end=0.7, low=50, high=150)


def test_it_goes_through_json_and_old_recipes_stay_as_they_were() -> None:
    recipe = Recipe("a cat", controls=(PICK, ControlPick("other", PICTURE)))
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    assert "controls" not in Recipe("a cat").to_json()
    assert recipe.pictures == (PICTURE, PICTURE)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"weight": 2.5}, "bad-controls"),
        ({"weight": float("nan")}, "bad-controls"),
        ({"start": -0.1}, "bad-controls"),
        ({"end": 1.1}, "bad-controls"),
        ({"start": 0.5, "end": 0.5}, "bad-control-steps"),
        ({"low": 0}, "bad-controls"),
        ({"high": 256}, "bad-controls"),
        ({"fit": "squeeze"}, "bad-controls"),
        ({"name": ""}, "bad-controls"),
        ({"preprocessor": "x" * 101}, "bad-controls"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidRecipe) as caught:
        ControlPick(**{"name": "x", "picture": PICTURE, **changes})
    assert (caught.value.code, caught.value.field) == (code, "controls")


def test_so_many_and_no_more() -> None:
    Recipe("a cat", controls=(PICK,) * MAX_CONTROLS)
    with pytest.raises(InvalidRecipe) as caught:
        Recipe("a cat", controls=(PICK,) * (MAX_CONTROLS + 1))
    assert caught.value.code == "too-many-controls"


def test_it_joins_the_calls_that_diffusers_keeps() -> None:
    joined = [call for call in range(10) if ControlPick("x", PICTURE, start=0.25, end=0.75).joins(call, 10)]
    assert joined == [3, 4, 5, 6]
    assert not any(ControlPick("x", PICTURE, weight=0).joins(call, 10) for call in range(10))


def test_each_joined_step_costs_its_share() -> None:
    plain, half = Recipe("a cat", steps=20), ControlPick("x", PICTURE, end=0.5)
    assert steps_of_controls((half, half), 20) == pytest.approx(20 * SHARE_OF_A_STEP)
    both = plain.replace(controls=(half, ControlPick("y", PICTURE)))
    assert work(both) == pytest.approx(work(plain) * (1 + 1.5 * SHARE_OF_A_STEP))
    assert price(both) > price(plain)
    started = both.replace(start=Start(PICTURE, strength=0.5))
    assert work(started) == pytest.approx(work(both) / 2)


@pytest.mark.parametrize("preprocessor", [*PREPROCESSORS, "depth-anything"])
def test_infotext_is_read_back(preprocessor: str) -> None:
    pick = ControlPick("net", PICTURE, "b" * 64, preprocessor, weight=0.85, start=0.05, end=0.95, fit="fill")
    recipe = Recipe("a cat", controls=(PICK, pick))
    first, second = read_controls(read_infotext(write_infotext(recipe)).fields)
    assert first == TextControl(
        "canny-net", "b" * 8, "canny", 0.8, 0.1, 0.7, 50, 150, picture=PictureRef("a" * 64, 512, 768)
    )
    assert (second.model, second.preprocessor, second.weight, second.fit) == ("net", preprocessor, 0.85, "fill")


def test_a_unit_is_written_as_the_extension_reads_it() -> None:
    """Its reader takes its own words alone, each with a value without comma or colon."""
    text = read_infotext(write_infotext(Recipe("a cat", controls=(PICK,)))).fields["ControlNet 0"]
    pairs = [pair.split(": ") for pair in text.split(", ")]
    assert dict(pairs) == {
        "Module": "canny", "Model": "canny-net [bbbbbbbb]", "Weight": "0.8", "Resize Mode": "Crop and Resize",
        "Threshold A": "50", "Threshold B": "150", "Guidance Start": "0.1", "Guidance End": "0.7",
        "Pixel Perfect": "True", "Control Mode": "Balanced",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "Module: none, Model: qrCodeMonster_v20 [5e5778cb], Weight: 1.34, Resize Mode: Just Resize, "
            "Low Vram: False, Guidance Start: 0.23, Guidance End: 0.5, Pixel Perfect: True, Control Mode: Balanced",
            TextControl("qrCodeMonster_v20", "5e5778cb", "none", 1.34, 0.23, 0.5, fit="stretch"),
        ),
        (
            "preprocessor: canny, model: control_sd15_canny [fef5e48e], weight: 1, starting/ending: (0.1, 0.8), "
            "resize mode: Crop and Resize, pixel perfect: False, control mode: ControlNet is more important, "
            "preprocessor params: (512, 90, 210)",
            TextControl(
                "control_sd15_canny", "fef5e48e", "canny", 1.0, 0.1, 0.8, 90, 210,
                leftovers=("Control Mode: ControlNet is more important",),
            ),
        ),
        (
            "Module: depth_leres++, Model: depth [cfd03158], Weight: 0.4, Resize Mode: 2, Threshold A: -1, "
            "Control Mode: 0",
            TextControl("depth", "cfd03158", "depth_leres++", 0.4, fit="fill"),
        ),
        ("", TextControl("")),
    ],
)  # fmt: skip
def test_units_of_other_programs(text: str, told: TextControl) -> None:
    assert read_controls({"ControlNet 0": text}) == (told,)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_controls({"ControlNet 1": f"Module: canny, Model: x, Weight: {text}", "Controlnet 0": text})
    except InvalidRecipe as refusal:
        assert refusal.field == "controls"


def test_a_name_tells_what_it_reads() -> None:
    names = ("control_v11p_sd15_Canny", "control_v11f1e_sd15_tile", "control_v11p_sd15_lineart", "qrCodeMonster")
    assert [usual_preprocessor(name) for name in names] == ["canny", "tile", "lines", "none"]
