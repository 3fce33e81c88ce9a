"""Control pictures without weights: each is in the picture's size, of three equal channels where it is grey, and sees
what it is for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from generation.imaging.control import control_picture, fit_to, on_ground
from generation.recipes.controls import PREPROCESSORS, ControlPick
from generation.recipes.starting import PictureRef

SIDE = 96
REFERENCE = PictureRef("a" * 64, SIDE, SIDE)


def pick(preprocessor: str, **changes: Any) -> ControlPick:
    return ControlPick("x", REFERENCE, preprocessor=preprocessor, **changes)


@pytest.fixture(scope="module")
def drawing() -> np.ndarray:
    """A dark pencil line around a light square on paper."""
    image = Image.new("RGB", (SIDE, SIDE), (245, 240, 230))
    ImageDraw.Draw(image).rectangle((24, 24, 71, 71), fill=(250, 250, 250), outline=(20, 20, 20), width=2)
    return np.asarray(image)


@pytest.mark.parametrize("preprocessor", PREPROCESSORS)
def test_size_and_channels_stay(drawing: np.ndarray, preprocessor: str) -> None:
    made = control_picture(drawing, pick(preprocessor))
    assert made.shape == drawing.shape and made.dtype == np.uint8
    assert np.array_equal(made, control_picture(drawing, pick(preprocessor)))


@pytest.mark.parametrize("preprocessor", ["canny", "lines", "scribble"])
def test_lines_are_white_where_something_is_drawn(drawing: np.ndarray, preprocessor: str) -> None:
    made = control_picture(drawing, pick(preprocessor))
    near = made[16:34, 30:66]
    assert near.max() >= 200 and made[:8].max() == 0 and made[44:52, 44:52].max() == 0
    assert np.array_equal(made[..., 0], made[..., 2])


def test_a_faint_drawing_has_lines_as_well(drawing: np.ndarray) -> None:
    faint = (255 - (255 - drawing.astype(int)) // 4).astype(np.uint8)
    made = control_picture(faint, pick("lines"))
    assert made[20:30, 30:66].max() > 100


def test_cannys_thresholds_count_in_either_order(drawing: np.ndarray) -> None:
    soft = np.asarray(Image.fromarray(drawing).resize((12, 12)).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    few, many = (int((control_picture(soft, pick("canny", low=low, high=high)) > 0).sum())
                 for low, high in ((250, 255), (2, 4)))  # fmt: skip
    assert few < many
    assert np.array_equal(
        control_picture(soft, pick("canny", low=80, high=20)), control_picture(soft, pick("canny", low=20, high=80))
    )


def test_a_tile_has_the_colours_but_not_the_detail() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    noise[:, SIDE // 2 :] //= 4
    made = control_picture(noise, pick("tile"))
    assert made[:, : SIDE // 3].std() < noise[:, : SIDE // 3].std() / 2
    left, right = made[:, : SIDE // 2].mean(), made[:, SIDE // 2 :].mean()
    assert abs(left - noise[:, : SIDE // 2].mean()) < 4 and abs(right - noise[:, SIDE // 2 :].mean()) < 4


def test_luminance_is_grey_and_knows_green_is_lighter_than_blue() -> None:
    halves = np.zeros((8, 16, 3), np.uint8)
    halves[:, :8, 1], halves[:, 8:, 2] = 255, 255
    made = control_picture(halves, pick("luminance"))
    assert np.array_equal(made[..., 0], made[..., 1]) and made[0, 0, 0] > made[0, -1, 0] + 80


def test_invert_turns_it_about(drawing: np.ndarray) -> None:
    assert np.array_equal(control_picture(drawing, pick("invert")), 255 - drawing)


@pytest.mark.parametrize("fit", ["crop", "stretch", "fill"])
@pytest.mark.parametrize("size", [(64, 64), (96, 64), (40, 104)])
def test_every_shape_comes_into_the_size(fit: str, size: tuple[int, int]) -> None:
    image = Image.new("RGB", (50, 30), (10, 20, 30))
    fitted = fit_to(image, size, fit)
    assert fitted.size == size and np.ptp(np.asarray(fitted), axis=(0, 1)).max() == 0


def test_a_crop_keeps_the_middle_and_its_proportions() -> None:
    image = Image.new("RGB", (128, 64))
    image.paste((255, 255, 255), (48, 16, 80, 48))
    box = fit_to(image, (64, 64), "crop").getbbox()
    assert box == (16, 16, 48, 48)


def test_transparent_places_get_their_ground() -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    assert on_ground(clear, "white").getpixel((0, 0)) == (255, 255, 255)
    assert on_ground(clear, "black").getpixel((0, 0)) == (0, 0, 0)
