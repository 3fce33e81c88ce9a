"""Files as they leave: the picture, its infotext where A1111 looks for it, and its provenance."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from generation.imaging.encode import encode_image, rgb_image
from generation.imaging.provenance import DRAWN_FROM_TEXT, DRAWN_OVER_A_PICTURE

Y, X = np.mgrid[0:48, 0:64].astype(np.uint8)
PIXELS = np.stack([X * 3, Y * 4, X + Y], axis=-1)
LATIN = "a café\nSteps: 20, Sampler: Euler, Seed: 1"
EMOJI = "a 😀 “cat”\nSteps: 20, Sampler: Euler, Seed: 1"


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def user_comment(data: bytes) -> bytes:
    comment: bytes = opened(data).getexif().get_ifd(0x8769)[0x9286]
    return comment


def test_png_keeps_every_pixel() -> None:
    image = opened(encode_image(PIXELS, "png", recipe_text=LATIN))
    assert image.format == "PNG"
    assert np.array_equal(np.asarray(image), PIXELS)


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_lossy_formats_stay_close(format: str) -> None:
    image = opened(encode_image(PIXELS, format, recipe_text=LATIN))
    assert image.format == format.upper()
    assert np.abs(np.asarray(image).astype(int) - PIXELS).mean() < 3


def test_png_text_is_text_for_latin_and_itxt_beyond() -> None:
    latin, emoji = (encode_image(PIXELS, "png", recipe_text=text) for text in (LATIN, EMOJI))
    assert b"tEXtparameters\x00" in latin
    assert b"iTXtparameters\x00" in emoji
    assert opened(latin).info["parameters"] == LATIN
    assert opened(emoji).info["parameters"] == EMOJI


@pytest.mark.parametrize("format", ["jpeg", "webp"])
@pytest.mark.parametrize("text", [LATIN, EMOJI])
def test_exif_comment_is_utf16_behind_the_unicode_mark(format: str, text: str) -> None:
    comment = user_comment(encode_image(PIXELS, format, recipe_text=text))
    assert comment == b"UNICODE\x00" + text.encode("utf-16-be")


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("source_type", [DRAWN_FROM_TEXT, DRAWN_OVER_A_PICTURE])
def test_every_file_says_that_a_machine_drew_it(format: str, source_type: str) -> None:
    packet = opened(encode_image(PIXELS, format, source_type=source_type)).info["xmp"]
    root = ElementTree.fromstring(packet)
    term = root.find(".//{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    tool = root.find(".//{http://ns.adobe.com/xap/1.0/}CreatorTool")
    assert term is not None and term.text == source_type
    assert tool is not None and (tool.text or "").startswith("Tempera ")


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_a_text_that_no_file_can_hold_is_mended_not_fatal(format: str) -> None:
    assert encode_image(PIXELS, format, recipe_text="a\x00b\ud800c")


def test_metadata_of_the_source_does_not_leak() -> None:
    source = Image.fromarray(PIXELS)
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    source.info.update(exif=exif.tobytes(), icc_profile=b"secret profile", xmp=b"secret packet", comment=b"secret")
    for format in ("png", "jpeg", "webp"):
        assert b"secret" not in encode_image(source, format)
    assert source.info["comment"] == b"secret"


def test_transparency_and_palettes_become_rgb() -> None:
    assert rgb_image(Image.new("RGBA", (4, 4), (1, 2, 3, 0))).mode == "RGB"
    assert rgb_image(Image.new("P", (4, 4))).mode == "RGB"


def test_other_formats_and_other_pixels_are_refused() -> None:
    with pytest.raises(ValueError, match="gif"):
        encode_image(PIXELS, "gif")
    with pytest.raises(ValueError, match="uint8"):
        encode_image(PIXELS[:, :, 0], "png")
    with pytest.raises(ValueError, match="infotext"):
        encode_image(PIXELS, "jpeg", recipe_text="x" * 20_000)
