"""Laying out a start in pixels: sizes, boxes, edges that fade inwards, and what stands in a hole."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from generation.imaging.canvas import filled, lay_out, mask_of, masked_box
from generation.recipes.checks import InvalidRecipe
from generation.recipes.starting import PictureRef, Start

RED, BLUE = (255, 0, 0), (0, 0, 255)


def start_of(source: Image.Image, mask: Image.Image | None = None, **more: object) -> Start:
    pinned = PictureRef("b" * 64, *mask.size) if mask else None
    return Start(PictureRef("a" * 64, *source.size), 0.5, pinned, **more)  # type: ignore[arg-type]


def two_halves(width: int = 40, height: int = 20) -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    return picture


def boxed(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(255, box)
    return mask


@pytest.mark.parametrize(("fit", "corner", "middle"), [("crop", RED, None), ("stretch", RED, None), ("fill", RED, RED)])
def test_a_source_of_other_proportions_fits(fit: str, corner: tuple[int, ...], middle: tuple[int, ...] | None) -> None:
    canvas = lay_out(start_of(two_halves(), fit=fit), two_halves(), None, (16, 32))
    assert canvas.frame.shape == (32, 16, 3)
    assert tuple(canvas.frame[16, 1]) == corner and tuple(canvas.frame[16, 14]) == BLUE
    if middle:
        assert tuple(canvas.frame[0, 1]) == middle, "what is added repeats the edge"


def test_cropping_keeps_the_middle() -> None:
    stripes = Image.new("RGB", (60, 20), "green")
    stripes.paste(RED, (0, 0, 19, 20))
    canvas = lay_out(start_of(stripes), stripes, None, (20, 20))
    assert (canvas.frame[:, 4:-4] == (0, 128, 0)).all()


def test_transparent_places_are_white() -> None:
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    assert (lay_out(start_of(clear), clear, None, (8, 8)).frame == 255).all()


def test_a_mask_may_be_painted_on_nothing() -> None:
    """As an editor's canvas gives it: white where somebody painted, transparent elsewhere."""
    painted = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    painted.paste((255, 255, 255, 255), (0, 0, 4, 8))
    assert (np.asarray(mask_of(painted)) == [[255] * 4 + [0] * 4] * 8).all()


def test_an_empty_mask_is_refused() -> None:
    empty = Image.new("L", (40, 20))
    with pytest.raises(InvalidRecipe) as refused:
        lay_out(start_of(two_halves(), empty), two_halves(), empty, (40, 24))
    assert refused.value.code == "empty-mask"


def test_a_mask_that_is_cut_away_is_refused() -> None:
    left = boxed((40, 20), (0, 0, 6, 20))
    with pytest.raises(InvalidRecipe, match="nothing of the mask is left") as refused:
        lay_out(start_of(two_halves(), left), two_halves(), left, (16, 16))
    assert refused.value.code == "empty-mask"
    assert lay_out(start_of(two_halves(), left, fit="fill"), two_halves(), left, (16, 16)).mask is not None


@pytest.mark.parametrize(
    ("box", "padding", "size", "found"),
    [
        ((50, 50, 60, 60), 0, (64, 64), (50, 50, 60, 60)),
        ((50, 50, 60, 60), 5, (64, 64), (45, 45, 65, 65)),
        ((50, 50, 60, 60), 5, (128, 64), (35, 45, 75, 65)),
        ((0, 40, 10, 60), 5, (64, 64), (0, 35, 30, 65)),
        ((0, 0, 100, 10), 0, (64, 64), (0, 0, 100, 80)),
    ],
)
def test_the_masked_box_is_widened_to_the_recipes_proportions(
    box: tuple[int, int, int, int], padding: int, size: tuple[int, int], found: tuple[int, int, int, int]
) -> None:
    assert masked_box(boxed((100, 80), box), padding, size) == found


def test_the_edge_fades_inwards_alone() -> None:
    mask = boxed((40, 20), (10, 0, 40, 20))
    canvas = lay_out(start_of(two_halves(), mask, mask_blur=4), two_halves(), mask, (40, 20))
    row = canvas.cover[10]
    assert (row[:10] == 0).all() and (np.diff(row[9:18]) > 0).all() and (row[17:] == 1).all()
    drawn = np.full((20, 40, 3), 200, np.uint8)
    result = canvas.finished(drawn)
    assert (result[:, :10] == np.asarray(two_halves())[:, :10]).all() and (result[:, 17:] == 200).all()


def test_without_blur_the_edge_is_the_masks() -> None:
    mask = boxed((40, 20), (10, 0, 40, 20))
    canvas = lay_out(start_of(two_halves(), mask, mask_blur=0), two_halves(), mask, (40, 20))
    assert (canvas.cover == np.asarray(mask) / 255).all()


def test_a_mask_of_everything_has_no_edge() -> None:
    mask = Image.new("L", (40, 20), 255)
    assert (lay_out(start_of(two_halves(), mask), two_halves(), mask, (40, 20)).cover == 1).all()


def test_new_ground_repeats_the_edge_and_is_drawn() -> None:
    grown = start_of(two_halves(), grow=(8, 4, 0, 0), mask_blur=0)
    canvas = lay_out(grown, two_halves(), None, (48, 24))
    assert canvas.mask is not None and canvas.frame.shape == (24, 48, 3)
    assert (canvas.mask[:4] == 1).all() and (canvas.mask[:, :8] == 1).all() and (canvas.mask[4:, 8:] == 0).all()
    assert (canvas.frame[:, :8] == RED).all() and (canvas.frame[0, -4:] == BLUE).all()


def test_the_masked_area_is_put_back_where_it_was() -> None:
    picture, mask = two_halves(100, 80), boxed((100, 80), (60, 30, 80, 50))
    canvas = lay_out(start_of(picture, mask, area="masked", padding=4, mask_blur=0), picture, mask, (64, 64))
    assert canvas.frame.shape == (64, 64, 3) and canvas.box == (56, 26, 84, 54)
    result = canvas.finished(np.full((64, 64, 3), 7, np.uint8))
    inside = np.asarray(mask) == 255
    assert (result[inside] == 7).all() and (result[~inside] == np.asarray(picture)[~inside]).all()


def test_a_hole_takes_the_colours_around_it() -> None:
    hole = np.zeros((21, 40), bool)
    hole[5:15, 4:36] = True
    spread = filled(np.asarray(two_halves(40, 21)), hole)
    assert (spread[~hole] == np.asarray(two_halves(40, 21))[~hole]).all()
    assert spread[10, 6, 0] > spread[10, 33, 0] and spread[10, 33, 2] > spread[10, 6, 2]


def test_a_hole_without_surroundings_is_grey() -> None:
    assert (filled(np.zeros((8, 8, 3), np.uint8), np.ones((8, 8), bool)) == 128).all()
