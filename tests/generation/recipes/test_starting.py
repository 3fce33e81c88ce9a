"""What a picture starts from: its ranges, and the way through JSON and infotext."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generation.imaging.infotext import read_infotext, write_infotext
from generation.recipes.checks import InvalidRecipe
from generation.recipes.picture import Recipe
from generation.recipes.starting import INFOTEXT_KEYS, PictureRef, Start

SOURCE = PictureRef("ab" * 32, 512, 256, "code")
MASK = PictureRef("cd" * 32, 512, 256)
EVERYTHING = Start(SOURCE, 0.3, MASK, 9, "noise", "masked", 7, (0, 8, 16, 24), "fill")


@pytest.mark.parametrize("start", [Start(SOURCE), Start(SOURCE, 0), Start(SOURCE, 1, grow=(8, 0, 0, 0)), EVERYTHING])
def test_it_survives_json_and_infotext(start: Start) -> None:
    recipe = Recipe("a cat", start=start)
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    read = Start.from_infotext(read_infotext(write_infotext(recipe)).fields)
    assert read is not None and read.to_infotext() == start.to_infotext()
    assert (read.source.sha256, read.mask and read.mask.sha256, read.grow) == (
        start.source.sha256, start.mask and start.mask.sha256, start.grow,
    )  # fmt: skip


def test_infotext_uses_no_other_keys() -> None:
    plain = read_infotext(write_infotext(Recipe("a cat"))).fields
    assert set(read_infotext(write_infotext(Recipe("a cat", start=EVERYTHING))).fields) - set(plain) == {*INFOTEXT_KEYS}


def test_a_recipe_from_noise_says_nothing_of_it() -> None:
    assert "start" not in Recipe("a cat").to_json()
    assert Start.from_infotext({"Denoising strength": "0.4"}) is None


def test_a_text_with_unreadable_numbers_is_refused() -> None:
    with pytest.raises(InvalidRecipe, match="numbers that cannot be read"):
        Start.from_infotext({**EVERYTHING.to_infotext(), "Init image size-1": "8", "Init image size-2": "8",
                             "Mask blur": "much"})  # fmt: skip


@pytest.mark.parametrize(
    "change, code, words",
    [
        ({"strength": 1.1}, "bad-strength", "between 0 and 1"),
        ({"strength": float("nan")}, "bad-strength", "between 0 and 1"),
        ({"mask": PictureRef("cd" * 32, 512, 255)}, "bad-mask-size", "512×255 pixels and its picture 512×256"),
        ({"mask_blur": 65}, "bad-mask-blur", "between 0 and 64"),
        ({"masked_content": "magic"}, "bad-masked-content", "original, fill, noise, nothing"),
        ({"area": "half"}, "bad-area", "whole, masked"),
        ({"area": "masked"}, "bad-area", "where there is a mask"),
        ({"fit": "turn"}, "bad-fit", "crop, stretch, fill"),
        ({"padding": -1}, "bad-padding", "between 0 and 256"),
        ({"grow": (0, 0, 0)}, "bad-grow", "four numbers"),
        ({"grow": (-8, 0, 0, 0)}, "bad-grow", "between 0 and 1024"),
        ({"source": PictureRef("ab" * 32, 4090, 9), "grow": (8, 0, 0, 0)}, "bad-grow", "Grown to 4098×9"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(InvalidRecipe) as refusal:
        Start(**{"source": SOURCE, **change})
    assert refusal.value.code == code and words in refusal.value.message


@pytest.mark.parametrize("sha256, width", [("ab", 8), ("AB" * 32, 8), ("ab" * 32, 0), ("ab" * 32, 20_000)])
def test_a_picture_that_cannot_be_is_refused(sha256: str, width: int) -> None:
    with pytest.raises(InvalidRecipe):
        PictureRef(sha256, width, 8)


@pytest.mark.parametrize("strength, drawn", [(0, 0), (0.04, 0), (0.5, 10), (0.99, 19), (1, 20)])
def test_the_strength_leaves_so_many_steps(strength: float, drawn: int) -> None:
    assert Start(SOURCE, strength).steps_of(20) == drawn
