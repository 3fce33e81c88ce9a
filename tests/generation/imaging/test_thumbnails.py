"""Thumbnails keep shape, never grow and carry nothing but pixels; previews are small JPEG files."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from generation.imaging.encode import THUMBNAIL_SIDES, encode_preview, thumbnail


@pytest.mark.parametrize("side", THUMBNAIL_SIDES)
def test_the_longer_side_fits(side: int) -> None:
    image = Image.open(io.BytesIO(thumbnail(Image.new("RGB", (1024, 512), "teal"), side)))
    assert image.format == "WEBP"
    assert image.size == (side, side // 2)


def test_a_small_picture_does_not_grow() -> None:
    pixels = np.full((40, 60, 3), 90, np.uint8)
    assert Image.open(io.BytesIO(thumbnail(pixels, 320))).size == (60, 40)


def test_a_thumbnail_is_stripped_and_leaves_the_source_alone() -> None:
    source = Image.new("RGB", (800, 800), "teal")
    source.info.update(exif=b"Exif\x00\x00secret", xmp=b"secret", icc_profile=b"secret")
    assert b"secret" not in thumbnail(source, 320)
    assert source.size == (800, 800)


def test_a_preview_is_a_recognisable_jpeg() -> None:
    y, x = np.mgrid[0:64, 0:96].astype(np.uint8)
    pixels = np.stack([x * 2, y * 3, x], axis=-1)
    data = encode_preview(pixels)
    image = Image.open(io.BytesIO(data))
    assert (image.format, image.size) == ("JPEG", (96, 64))
    assert np.abs(np.asarray(image.convert("RGB")).astype(int) - pixels).mean() < 8
    assert len(data) < 4_000
