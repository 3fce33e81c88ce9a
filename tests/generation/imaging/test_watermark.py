"""The watermark is read after what happens to pictures on their way, is not seen, and is not read where none is."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from generation.imaging import watermark
from generation.imaging.watermark import _codebook, embed, extract, has_room
from generation.imaging.watermark_measured import CHANGES, measured
from tests.generation.imaging.test_pdq import scene

NUMBER = 0xA5C3F01234
SURVIVED = [
    change for change in CHANGES if change not in ("turned by 3 degrees", "cut to half of each side", "JPEG 30")
]


def photo(seed: int, side: int = 512) -> Image.Image:
    """A scene with the grain that drawn pictures have too."""
    pixels = np.asarray(scene(seed, side), np.float32)
    grain = np.random.default_rng(seed).normal(0, 4, pixels.shape)
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("change", SURVIVED)
def test_the_number_survives(change: str) -> None:
    found = extract(CHANGES[change](embed(photo(1), NUMBER)))
    assert found is not None and found.id == NUMBER


def test_the_scale_is_told() -> None:
    marked = embed(photo(2), NUMBER)
    for scale in (0.5, 0.63, 1.0, 1.41):
        side = round(512 * scale)
        found = extract(marked.resize((side, side), Image.Resampling.LANCZOS))
        assert found is not None and abs(found.scale / scale - 1) < 0.02


@pytest.mark.parametrize("seed", range(3))
def test_an_unmarked_picture_has_no_number(seed: int) -> None:
    assert extract(photo(seed)) is None


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (64, 64), (127, 127), (130, 4000)])
def test_no_shape_is_too_odd_to_be_read(size: tuple[int, int]) -> None:
    assert extract(Image.new("RGB", size, "teal")) is None


def test_it_is_not_seen() -> None:
    picture = photo(3)
    change = np.asarray(embed(picture, NUMBER), np.float64) - np.asarray(picture)
    assert 10 * np.log10(255**2 / np.mean(change**2)) > 38
    assert np.abs(change).max() < 24


def test_rows_marked_apart_show_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = photo(3, 450)
    at_once = np.asarray(embed(picture, NUMBER), np.int16)
    monkeypatch.setattr(watermark, "_ROWS_AT_ONCE", watermark._TILE)
    apart = np.abs(np.asarray(embed(picture, NUMBER), np.int16) - at_once)
    assert apart.max() <= 1 and (apart > 0).mean() < 0.0001


def test_other_numbers_make_other_pictures_and_the_same_number_the_same() -> None:
    one, again, other = (np.asarray(embed(photo(4), number)) for number in (1, 1, 2))
    assert (one == again).all() and (one != other).any()


@pytest.mark.parametrize("number", [0, 1, 2**40 - 1])
def test_the_smallest_and_the_largest_number(number: int) -> None:
    found = extract(embed(photo(5), number))
    assert found is not None and found.id == number


@pytest.mark.parametrize("number", [-1, 2**40])
def test_numbers_beyond_are_errors(number: int) -> None:
    with pytest.raises(ValueError, match="carries 0 to"):
        embed(photo(5), number)


def test_the_code_is_golays() -> None:
    """A linear code is as strong as its lightest word: 8 of 24, and 759 words have that weight."""
    weights = ((_codebook() + 1) / 2).sum(1)
    assert sorted(set(weights.astype(int).tolist())) == [0, 8, 12, 16, 24]
    assert int((weights == 8).sum()) == 759


def test_small_pictures_go_without() -> None:
    assert has_room(Image.new("RGB", (512, 512))) and has_room(Image.new("RGB", (384, 640)))
    assert not has_room(Image.new("RGB", (384, 384))) and not has_room(Image.new("RGB", (2048, 256)))


def test_the_help_page_has_its_measurement() -> None:
    kept = measured()
    assert [change for change, _ in kept.table] == list(CHANGES)
    assert all(len(rows) == len(kept.sides) for _, rows in kept.table)
    assert kept.wrong == 0 and kept.pictures >= 10
    assert {row.change for row in kept.rows if row.percent < 90} <= set(CHANGES) - set(SURVIVED)
    assert min(kept.sides) >= watermark.LEAST_SIDE
