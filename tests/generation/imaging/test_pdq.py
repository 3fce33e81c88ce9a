"""PDQ: the same picture stays near after resizing, JPEG and light edits; other pictures are far apart."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from generation.imaging.pdq import BITS, SAME_PICTURE, pdq_distance, pdq_hash

Edit = Callable[[Image.Image], Image.Image]


def scene(seed: int, size: int = 384) -> Image.Image:
    """A soft ground with some bodies on it, another one for each seed."""
    random = np.random.default_rng(seed)
    ground = random.integers(0, 255, (5, 5, 3), np.uint8)
    image = Image.fromarray(ground).resize((size, size), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, side = random.integers(0, size, 3)
        draw.ellipse((x, y, x + side // 2, y + side // 3), fill=tuple(random.integers(0, 255, 3).tolist()))
    return image


def as_jpeg(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


EDITS: dict[str, Edit] = {
    "smaller": lambda image: image.resize((150, 150)),
    "larger": lambda image: image.resize((1024, 1024)),
    "jpeg 60": lambda image: as_jpeg(image, 60),
    "small jpeg": lambda image: as_jpeg(image.resize((192, 192)), 75),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "less contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.7),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(1.5)),
    "grey": lambda image: image.convert("L"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edited_picture_stays_the_same_picture(edit: Edit) -> None:
    distances = [pdq_distance(pdq_hash(scene(seed))[0], pdq_hash(edit(scene(seed)))[0]) for seed in range(8)]
    assert sorted(distances)[-2] < SAME_PICTURE


def test_other_pictures_are_far_apart() -> None:
    hashes = [pdq_hash(scene(seed))[0] for seed in range(12)]
    distances = [pdq_distance(one, other) for one, other in combinations(hashes, 2)]
    assert min(distances) > 80
    assert 115 < float(np.mean(distances)) < 141


def test_a_hash_is_64_digits_with_half_of_its_bits_set() -> None:
    digits, quality = pdq_hash(scene(1))
    assert len(digits) == 64
    assert int(digits, 16).bit_count() == BITS // 2
    assert quality > 50


def test_arrays_and_images_hash_alike() -> None:
    image = scene(3, 128)
    assert pdq_hash(np.asarray(image)) == pdq_hash(image)


@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (64, 64), (65, 129), (2000, 30)])
def test_any_shape_has_a_hash(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8)
    assert len(pdq_hash(pixels)[0]) == 64


def test_a_flat_picture_is_said_to_be_worth_nothing() -> None:
    assert pdq_hash(Image.new("RGB", (256, 256), "teal"))[1] == 0


def test_the_first_cosine_both_ways_is_bit_nought() -> None:
    wave = np.cos(np.pi / 128 * (2 * np.arange(64) + 1))
    pixels = (127 + 60 * wave[None, :] * wave[:, None]).round().astype(np.uint8)
    assert int(pdq_hash(pixels[:, :, None].repeat(3, axis=2))[0], 16) & 1
    assert not int(pdq_hash(255 - pixels[:, :, None].repeat(3, axis=2))[0], 16) & 1
