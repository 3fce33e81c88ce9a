"""Select by click without weights: the mask is what was meant, the same each time, and soon there."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from accounts.refusals import Refusal
from generation.imaging.clicks import Box, Click, box_of, clicks_of
from generation.imaging.selecting import select

SIDE = 1024


@pytest.fixture(scope="module")
def scene() -> tuple[np.ndarray, np.ndarray]:
    """A speckled orange thing on a clouded ground, and where it is."""
    random = np.random.default_rng(0)
    truth = Image.new("L", (SIDE, SIDE))
    draw = ImageDraw.Draw(truth)
    draw.ellipse((300, 250, 720, 800), fill=255)
    draw.rectangle((450, 150, 560, 400), fill=255)
    clouds = Image.fromarray((random.random((32, 32, 3)) * 120 + 20).astype(np.uint8)).resize((SIDE, SIDE))
    speckles = np.clip(random.normal([210, 90, 60], 18, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
    thing = Image.fromarray(speckles).filter(ImageFilter.GaussianBlur(2))
    return np.asarray(Image.composite(thing, clouds, truth.filter(ImageFilter.GaussianBlur(1)))), np.asarray(truth) > 0


@pytest.mark.parametrize(
    ("clicks", "box"),
    [
        ([Click(500, 500)], None),
        ([], Box(260, 120, 760, 840)),
        ([Click(500, 500), Click(100, 100, False)], Box(200, 100, 800, 900)),
    ],
    ids=["click", "box", "both"],
)
def test_it_selects_what_was_meant_in_under_half_a_second(
    scene: tuple[np.ndarray, np.ndarray], clicks: list[Click], box: Box | None
) -> None:
    pixels, truth = scene
    started = time.process_time()
    mask = select(pixels, clicks, box)
    seconds = time.process_time() - started
    assert set(np.unique(mask)) == {0, 255} and mask.shape == truth.shape
    selected = mask > 0
    assert (selected & truth).sum() / (selected | truth).sum() > 0.97
    assert seconds < 0.5
    assert np.array_equal(mask, select(pixels, clicks, box))


def test_only_what_hangs_together_with_a_click_is_selected() -> None:
    pixels = np.full((128, 128, 3), 230, np.uint8)
    pixels[20:50, 20:50] = pixels[80:110, 80:110] = (200, 30, 30)
    mask = select(pixels, [Click(30, 30)])
    assert mask[35, 35] == 255 and mask[95, 95] == 0 and mask[64, 64] == 0


def test_a_click_takes_a_part_away() -> None:
    pixels = np.full((128, 128, 3), 230, np.uint8)
    pixels[30:100, 30:64], pixels[30:100, 64:98] = (200, 30, 30), (30, 30, 200)
    box = Box(20, 20, 108, 108)
    assert select(pixels, [], box)[60, 80] == 255
    less = select(pixels, [Click(45, 60), Click(80, 60, False)], box)
    assert less[60, 40] == 255 and less[60, 90] == 0


@pytest.mark.parametrize("colour", [0, 255])
def test_a_picture_of_one_colour_has_an_answer(colour: int) -> None:
    pixels = np.full((64, 48, 3), colour, np.uint8)
    assert select(pixels, [Click(20, 20)]).shape == (64, 48)
    assert select(pixels, [], Box(0, 0, 48, 64)).shape == (64, 48)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (3000, 2)])
def test_slivers_have_an_answer(shape: tuple[int, int]) -> None:
    assert select(np.zeros((*shape, 3), np.uint8), [Click(0, 0)]).shape == shape


def test_a_large_picture_keeps_its_size() -> None:
    pixels = np.full((2500, 1800, 3), 230, np.uint8)
    pixels[800:1600, 400:1200] = (200, 30, 30)
    mask = select(pixels, [Click(800, 1200)])
    assert mask.shape == (2500, 1800) and mask[1200, 800] == 255 and mask[100, 100] == 0


@pytest.mark.parametrize(
    ("clicks", "box", "code"),
    [
        ([], None, "nothing-clicked"),
        ([Click(1, 1, False)], None, "nothing-clicked"),
        ([Click(64, 1)], None, "clicked-outside"),
        ([Click(float("nan"), 1)], None, "clicked-outside"),
        ([], Box(10, 10, 10, 20), "bad-box"),
        ([], Box(-1, 0, 10, 20), "bad-box"),
        ([Click(1, 1)] * 65, None, "too-many-clicks"),
    ],
)
def test_what_means_nothing_is_refused(clicks: list[Click], box: Box | None, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        select(np.zeros((64, 64, 3), np.uint8), clicks, box)
    assert caught.value.code == code


def test_places_are_read_from_json() -> None:
    assert clicks_of([{"x": 1, "y": "2"}, {"x": 3, "y": 4, "keeps": False}]) == [Click(1, 2), Click(3, 4, False)]
    assert box_of({"left": 1, "top": 2, "right": 3, "bottom": 4}) == Box(1, 2, 3, 4) and box_of(None) is None


@pytest.mark.parametrize("told", [3, [3], [{"x": 1}], [{"x": "a", "y": 1}], {"x": 1}, [None]])
def test_other_json_is_refused(told: Any) -> None:
    with pytest.raises(Refusal):
        clicks_of(told)


@pytest.mark.parametrize("told", [3, [1, 2, 3, 4], {"left": 1}, {"left": {}, "top": 1, "right": 2, "bottom": 3}])
def test_other_boxes_are_refused(told: Any) -> None:
    with pytest.raises(Refusal):
        box_of(told)
