"""Pictures that people bring: what is read, how it is kept, and what is refused."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from generation.imaging import brought
from generation.imaging.brought import alpha_mask, bring, mask_png
from generation.imaging.encode import encode_image
from generation.imaging.provenance import DRAWN_FROM_TEXT, XMP_KEYWORD
from generation.imaging.untrusted import PictureRefused
from generation.imaging.watermark import embed, extract


def file_of(picture: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    data = io.BytesIO()
    picture.save(data, format, **options)
    return data.getvalue()


def opened(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png), formats=("PNG",))
    picture.load()
    return picture


def plain(mode: str = "RGB", size: tuple[int, int] = (40, 24)) -> Image.Image:
    return Image.new(mode, size, "white" if mode != "RGBA" else (255, 0, 0, 255))


def kept(data: bytes) -> brought.Brought:
    return bring(data, "")


@pytest.fixture(autouse=True)
def no_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for watermarks has tests of its own."""
    monkeypatch.setattr(brought, "extract", lambda picture: None)


def test_it_is_kept_upright_and_without_exif() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "where I live"
    found = kept(file_of(plain(), "JPEG", exif=exif))
    assert (found.width, found.height) == (24, 40)
    assert b"where I live" not in found.file and not opened(found.file).info.get("exif")


@pytest.mark.parametrize(
    "picture",
    [
        plain("CMYK"),
        plain("L"),
        plain("P"),
        plain("LA"),
        Image.fromarray(np.full((24, 40), 40_000, np.uint16)),
    ],
    ids=["cmyk", "grey", "palette", "grey with alpha", "16 bit"],
)
def test_every_kind_of_pixels_becomes_plain(picture: Image.Image) -> None:
    found = kept(file_of(picture, "JPEG" if picture.mode == "CMYK" else "PNG"))
    assert opened(found.file).mode == "RGB" and not found.has_alpha


def test_sixteen_bits_are_scaled() -> None:
    found = kept(file_of(Image.fromarray(np.full((24, 40), 40_000, np.uint16))))
    assert opened(found.file).getpixel((0, 0)) == (156, 156, 156)


def test_alpha_is_kept_and_offers_a_mask() -> None:
    picture = plain("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 20, 24))
    found = kept(file_of(picture))
    assert found.has_alpha and opened(found.file).mode == "RGBA"
    mask = np.asarray(opened(alpha_mask(found.file)))
    assert (mask[:, :20] == 255).all() and (mask[:, 20:] == 0).all()


def test_opaque_alpha_is_none() -> None:
    assert not kept(file_of(plain("RGBA"))).has_alpha


def test_a_black_picture_is_blank() -> None:
    assert kept(file_of(Image.new("RGB", (40, 24)))).is_blank and not kept(file_of(plain())).is_blank


def test_a_large_one_is_made_smaller() -> None:
    found = kept(file_of(Image.new("L", (20_000, 400), 9)))
    assert (found.width, found.height) == (4096, 82)


def moving() -> bytes:
    return file_of(plain(), "WEBP", save_all=True, append_images=[Image.new("RGB", (40, 24), "red")])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unknown-format"),
        (file_of(plain(), "GIF"), "unknown-format"),
        (b"", "unknown-format"),
        (file_of(Image.new("L", (1, 1))), "too-small"),
        (file_of(Image.new("1", (32_000, 2_000))), "too-many-pixels"),
        (file_of(plain())[:-40], "damaged-picture"),
        (moving(), "animated-picture"),
        (bytes(16 * 2**20 + 1), "picture-too-large"),
    ],
    ids=["svg", "gif", "empty", "1x1", "bomb", "torn", "moving", "heavy"],
)
def test_what_is_not_read(data: bytes, code: str) -> None:
    with pytest.raises(PictureRefused) as refused:
        kept(data)
    assert refused.value.code == code


def test_what_its_file_says_is_told() -> None:
    """And XMP's word stays in the kept file; its recipe does not."""
    text = "a red apple\nSteps: 4, Sampler: Euler, CFG scale: 5, Seed: 7, Size: 40x24"
    found = kept(encode_image(plain(), "jpeg", recipe_text=text))
    assert (found.source_type, found.prompt) == (DRAWN_FROM_TEXT, "a red apple")
    texts = opened(found.file).info
    assert DRAWN_FROM_TEXT in texts[XMP_KEYWORD] and "parameters" not in texts


def test_a_photograph_says_nothing() -> None:
    found = kept(file_of(plain(), "JPEG"))
    assert (found.source_type, found.mark, found.prompt) == ("", None, "")


def test_a_watermark_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Found:
        id = 77

    monkeypatch.setattr(brought, "extract", lambda picture: Found)
    found = kept(file_of(Image.new("RGB", (40, 24), "teal")))
    assert (found.mark, found.source_type) == (77, DRAWN_FROM_TEXT)


def test_none_is_looked_for_in_a_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Image.Image] = []
    monkeypatch.setattr(brought, "extract", looked.append)
    mask = Image.new("L", (128, 96))
    mask.paste(255, (20, 20, 90, 70))
    assert kept(file_of(mask.filter(ImageFilter.GaussianBlur(1)))).mark is None
    assert looked == []


def test_a_marked_white_picture_is_not_taken_for_a_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "extract", extract)
    assert kept(file_of(embed(Image.new("RGB", (512, 512), "white"), 77))).mark == 77


@pytest.mark.parametrize(("clear_is_drawn", "left"), [(True, 255), (False, 0)])
def test_a_mask_with_alpha_is_its_alpha(clear_is_drawn: bool, left: int) -> None:
    picture = plain("RGBA")
    picture.paste((9, 9, 9, 0), (0, 0, 20, 24))
    mask = np.asarray(opened(mask_png(file_of(picture), clear_is_drawn=clear_is_drawn)))
    assert (mask[:, :20] == left).all() and (mask[:, 20:] == 255 - left).all()
    turned = np.asarray(opened(mask_png(file_of(picture), clear_is_drawn=clear_is_drawn, inverted=True)))
    assert (turned == 255 - mask).all()


def test_a_mask_without_alpha_is_how_light_it_is() -> None:
    grey = file_of(Image.new("RGB", (40, 24), (100, 100, 100)))
    assert opened(mask_png(grey, clear_is_drawn=True)).getextrema() == (100, 100)
    assert opened(mask_png(grey, clear_is_drawn=False, inverted=True)).getextrema() == (155, 155)
