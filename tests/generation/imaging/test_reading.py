"""Reading files back: every container, hostile ones, and bounds on all of them."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generation.imaging import untrusted
from generation.imaging.encode import encode_image
from generation.imaging.infotext import write_infotext
from generation.imaging.reading import read_picture_metadata
from generation.imaging.svg_metadata import svg_metadata
from generation.imaging.untrusted import PictureRefused, open_picture
from generation.imaging.vectorize import vectorize
from generation.recipes.picture import Recipe

PIXELS = np.zeros((16, 16, 3), np.uint8)
PROMPTS = [
    'plain "quoted", a: b\nnext 😀 line',
    "  kept blanks \r\nNegative prompt: hostile\n",
    "only latin café",
]


def written(format: str, text: str) -> bytes:
    return vectorize(PIXELS, infotext=text) if format == "svg" else encode_image(PIXELS, format, recipe_text=text)


def saved(format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (24, 16)).save(file, format, **options)
    return file.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_with(*chunks: bytes) -> bytes:
    plain = saved()
    return plain[:33] + b"".join(chunks) + plain[33:]


def refusal(data: bytes) -> str:
    with pytest.raises(PictureRefused) as caught:
        read_picture_metadata(data)
    assert str(caught.value).endswith(".")
    return caught.value.code


@pytest.mark.parametrize("format", ["png", "jpeg", "webp", "svg"])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_every_container_gives_back_what_went_in(format: str, prompt: str) -> None:
    recipe = Recipe(prompt=prompt, negative_prompt="no: “this”,\nnor 😀", seed=5)
    read = read_picture_metadata(written(format, write_infotext(recipe, lora_hashes={"a": "12ab"})))
    assert (read.prompt, read.negative_prompt) == (recipe.prompt, recipe.negative_prompt)
    assert (read.get("Seed"), read.lora_hashes, read.tool) == ("5", {"a": "12ab"}, "A1111")


xml_text = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32))) + "\ufffe\uffff")
)


@given(xml_text, xml_text)
@settings(max_examples=100, deadline=None)
def test_any_prompt_survives_png_jpeg_and_svg(prompt: str, negative: str) -> None:
    recipe = Recipe(prompt=f"x\r\n{prompt}", negative_prompt=negative)
    text = write_infotext(recipe)
    files = [
        encode_image(PIXELS, "png", recipe_text=text),
        encode_image(PIXELS, "jpeg", recipe_text=text),
        f'<svg xmlns="http://www.w3.org/2000/svg">{svg_metadata(text)}</svg>'.encode(),
    ]
    for data in files:
        read = read_picture_metadata(data)
        assert (read.prompt, read.negative_prompt) == (recipe.prompt, negative)


def test_texts_behind_the_pixels_and_packed_texts_are_read() -> None:
    packed = b"parameters\x00\x00" + zlib.compress(b"a packed cat\nSteps: 3, Seed: 4, Sampler: Euler")
    assert read_picture_metadata(png_with(chunk(b"zTXt", packed))).prompt == "a packed cat"
    plain = saved()
    late = plain[:-12] + chunk(b"tEXt", b"parameters\x00a late cat\nSteps: 3, Seed: 4, Sampler: Euler") + plain[-12:]
    assert read_picture_metadata(late).prompt == "a late cat"


@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\x00" + "a cat\nSteps: 3, Seed: 4, Sampler: Euler".encode("utf-16-le"),
        b"UNICODE\x00" + "\ufeffa cat\nSteps: 3, Seed: 4, Sampler: Euler".encode("utf-16-be"),
        b"ASCII\x00\x00\x00a cat\nSteps: 3, Seed: 4, Sampler: Euler",
        b"\x00" * 8 + b"a cat\nSteps: 3, Seed: 4, Sampler: Euler",
        b"a cat\nSteps: 3, Seed: 4, Sampler: Euler",
        b"UNICODE\x00a cat\nSteps: 3, Seed: 4, Sampler: Euler",
        b"Unicode\x00" + "a cat\nSteps: 3, Seed: 4, Sampler: Euler".encode("utf-16-be"),
        b"UTF-8\x00\x00\x00a cat\nSteps: 3, Seed: 4, Sampler: Euler",
        "a cat\nSteps: 3, Seed: 4, Sampler: Euler".encode("utf-16-le"),
    ],
)
@pytest.mark.parametrize("format", ["JPEG", "WEBP", "PNG"])
def test_user_comments_of_every_coding_are_read(comment: bytes, format: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = comment
    read = read_picture_metadata(saved(format, exif=exif.tobytes()))
    assert (read.prompt, read.get("Seed")) == ("a cat", "4")


@pytest.mark.parametrize(
    "comment",
    [
        b"ASCII\x00\x00\x00" + "café 墨\nSteps: 3, Seed: 4, Sampler: Euler".encode(),
        b"UNICODE\x00" + "café 墨\nSteps: 3, Seed: 4, Sampler: Euler".encode(),
        b"JIS\x00\x00\x00\x00\x00" + "墨\nSteps: 3, Seed: 4, Sampler: Euler".encode("iso2022_jp"),
        b"ASCII\x00\x00\x00" + "café\nSteps: 3, Seed: 4, Sampler: Euler".encode("latin-1"),
    ],
)
def test_no_comment_is_read_with_replacement_signs(comment: bytes) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = comment
    assert read_picture_metadata(saved("JPEG", exif=exif.tobytes())).prompt in ("café 墨", "墨", "café")


TOLD = "a café\nSteps: 3, Seed: 4, Sampler: Euler"


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (0x9286, b"UNICODE\x00" + TOLD.encode("utf-16-be")),
        (0x010E, TOLD.encode()),
        (0x9C9C, TOLD.encode("utf-16-le") + b"\x00\x00"),
    ],
)
def test_texts_in_other_directories_and_tags_are_read(tag: int, value: bytes) -> None:
    exif = Image.Exif()
    exif[tag] = value
    read = read_picture_metadata(saved("JPEG", exif=exif.tobytes()))
    assert (read.prompt, read.get("Seed")) == ("a café", "4")


def test_a_cameras_description_is_no_prompt() -> None:
    exif = Image.Exif()
    exif[0x010E] = "OLYMPUS DIGITAL CAMERA"
    assert refusal(saved("JPEG", exif=exif.tobytes())) == "no-parameters"


def test_jpegs_comment_and_imagemagicks_profile_are_read() -> None:
    assert read_picture_metadata(saved("JPEG", comment=TOLD.encode())).prompt == "a café"
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\x00\x00\x00" + TOLD.encode()
    digits = f"\nexif\n  {len(exif.tobytes())}\n{exif.tobytes().hex()}\n".encode()
    packed = b"Raw profile type exif\x00\x00" + zlib.compress(digits)
    assert read_picture_metadata(png_with(chunk(b"zTXt", packed))).prompt == "a café"


@pytest.mark.parametrize(
    "large",
    [
        chunk(b"iCCP", b"profile\x00\x00" + zlib.compress(b"\x00" * 1_300_000)),
        chunk(b"iTXt", b"workflow\x00\x01\x00\x00\x00" + zlib.compress(b"a" * 1_200_000)),
        chunk(b"zTXt", b"workflow\x00\x00" + zlib.compress(b"a" * 1_200_000)),
        chunk(b"tEXt", b"workflow\x00" + b"a" * 1_200_000),
    ],
)
def test_large_parts_of_a_png_do_not_hide_the_others(large: bytes) -> None:
    data = png_with(large, chunk(b"tEXt", b"parameters\x00" + TOLD.encode("latin-1")))
    assert (read_picture_metadata(data).prompt, read_picture_metadata(data).get("Seed")) == ("a café", "4")
    opened = open_picture(data)
    opened.load()
    assert opened.size == (24, 16)


def test_text_beyond_the_limit_is_refused_with_the_limit() -> None:
    many = [chunk(b"iTXt", b"k\x00\x01\x00\x00\x00" + zlib.compress(b"a" * 1_200_000)) for _ in range(12)]
    with pytest.raises(PictureRefused, match=r"more than 8 MiB of text\."):
        read_picture_metadata(png_with(*many))
    opened = open_picture(png_with(*many))
    opened.load()


def hiding(mark: bytes, payload: bytes, mode: str, format: str = "PNG") -> bytes:
    """A picture with a text in its lowest bits, column by column."""
    bits = np.unpackbits(np.frombuffer(mark + struct.pack(">I", len(payload) * 8) + payload, np.uint8))
    pixels = np.full((64, 64, len(mode)), 200, np.uint8)
    columns = pixels.swapaxes(0, 1)
    flat = (columns[..., 3:] if b"png" in mark else columns[..., :3]).reshape(-1)
    flat[: len(bits)] = flat[: len(bits)] & 254 | bits
    if b"png" in mark:
        columns[..., 3] = flat.reshape(64, 64)
    else:
        columns[..., :3] = flat.reshape(64, 64, 3)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format, **({"lossless": True, "exact": True} if format == "WEBP" else {}))
    return file.getvalue()


@pytest.mark.parametrize(
    ("mark", "mode", "format"),
    [
        (b"stealth_pnginfo", "RGBA", "PNG"),
        (b"stealth_pngcomp", "RGBA", "PNG"),
        (b"stealth_pngcomp", "RGBA", "WEBP"),
        (b"stealth_rgbinfo", "RGB", "PNG"),
        (b"stealth_rgbcomp", "RGB", "PNG"),
        (b"stealth_rgbcomp", "RGBA", "PNG"),
    ],
)
def test_texts_in_the_lowest_bits_are_read(mark: bytes, mode: str, format: str) -> None:
    payload = gzip.compress(TOLD.encode(), mtime=0) if mark.endswith(b"comp") else TOLD.encode()
    read = read_picture_metadata(hiding(mark, payload, mode, format))
    assert (read.prompt, read.get("Seed")) == ("a café", "4")


def test_novelais_hidden_chunks_are_read() -> None:
    comment = {"steps": 28, "seed": 3, "sampler": "k_euler", "uc": "", "scale": 5.0, "width": 64, "height": 64}
    source = "Stable Diffusion XL C1E1DE52"
    chunks = {"Software": "NovelAI", "Source": source, "Description": "a tree", "Comment": json.dumps(comment)}
    read = read_picture_metadata(hiding(b"stealth_pngcomp", gzip.compress(json.dumps(chunks).encode()), "RGBA"))
    assert (read.tool, read.prompt, read.get("Seed")) == ("NovelAI", "a tree", "3")


@pytest.mark.parametrize("payload", [b"", b"no gzip", gzip.compress(TOLD.encode(), mtime=0)[:20] + b"\x00" * 9])
def test_damaged_hidden_texts_tell_nothing(payload: bytes) -> None:
    assert refusal(hiding(b"stealth_pngcomp", payload, "RGBA")) == "no-parameters"


def test_a_comment_counts_before_the_parameters_chunk() -> None:
    exif, chunks = Image.Exif(), PngInfo()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\x00" + "from exif".encode("utf-16-be")
    chunks.add_text("parameters", "from the chunk")
    assert read_picture_metadata(saved(exif=exif.tobytes(), pnginfo=chunks)).prompt == "from exif"


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_picture_without_a_word_says_so(format: str) -> None:
    assert refusal(saved(format)) == "no-parameters"


@pytest.mark.parametrize("format", ["GIF", "BMP", "TIFF", "ICO"])
def test_other_formats_are_not_opened(format: str) -> None:
    assert refusal(saved(format)) == "unknown-format"


@pytest.mark.parametrize("data", [b"", b"hello", b"<html>no</html>", b"\x89PNG\r\n\x1a\n", b"RIFF0000WEBP"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    assert refusal(data) in ("unknown-format", "damaged-picture")


def test_bytes_are_bounded() -> None:
    assert refusal(saved() + b"\x00" * untrusted.MAX_FILE_BYTES) == "picture-too-large"


@pytest.mark.parametrize("side", [5_761, 12_000, 60_000])
def test_pixels_are_bounded_before_any_is_decoded(side: int) -> None:
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    assert refusal(bomb) == "too-many-pixels"


def test_text_bombs_are_refused() -> None:
    bomb = zlib.compress(b"a" * 40_000_000, 9)
    assert refusal(png_with(chunk(b"zTXt", b"parameters\x00\x00" + bomb))) in ("too-much-text", "damaged-picture")
    many = [chunk(b"iTXt", b"k\x00\x01\x00\x00\x00" + zlib.compress(b"a" * 900_000)) for _ in range(12)]
    assert refusal(png_with(*many)) == "too-much-text"
    plain = saved()
    late = plain[:-12] + chunk(b"zTXt", b"parameters\x00\x00" + bomb) + plain[-12:]
    assert refusal(late) == "too-much-text"


def test_endless_chunks_are_refused() -> None:
    plain = saved()
    assert refusal(plain[:-12] + chunk(b"teSt", b"") * 60_000 + plain[-12:]) == "hostile-picture"


LAUGHS = b'<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg">&b;</svg>'
OUTSIDE = b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg><metadata>&x;</metadata></svg>'


@pytest.mark.parametrize("data", [LAUGHS, OUTSIDE, b'<?xml version="1.0"?>\n' + LAUGHS])
def test_svg_entities_are_refused(data: bytes) -> None:
    assert refusal(data) == "hostile-picture"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<svg><unclosed></svg>", "damaged-picture"),
        (b'<?xml version="1.0" encoding="x-none"?><svg/>', "damaged-picture"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><metadata>other</metadata></svg>', "no-parameters"),
        (b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://127.0.0.1:9/svg11.dtd"><svg/>', "no-parameters"),
        (b"<svg>" * 200_000, "damaged-picture"),
    ],
)
def test_odd_svgs_are_refused_by_name(data: bytes, code: str) -> None:
    assert refusal(data) == code


def test_two_pictures_never_share_their_texts() -> None:
    """Objects at one memory address, one after the other, must not be taken for the same picture."""
    for number in range(50):
        text = f"prompt {number}\nSteps: 3, Seed: {number}, Sampler: Euler"
        assert read_picture_metadata(encode_image(PIXELS, "jpeg", recipe_text=text)).prompt == f"prompt {number}"
        assert refusal(saved("JPEG")) == "no-parameters"


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_files_are_refused_or_read_never_fatal(data: st.DataObject) -> None:
    format = data.draw(st.sampled_from(["png", "jpeg", "webp"]))
    whole = bytearray(encode_image(PIXELS, format, recipe_text="a cat 😀\nSteps: 3, Seed: 4, Sampler: Euler"))
    for position in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=8)):
        whole[position] = data.draw(st.integers(0, 255))
    try:
        read_picture_metadata(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    except PictureRefused as error:
        assert error.code


def test_open_picture_gives_an_undecoded_picture() -> None:
    assert open_picture(saved()).size == (24, 16)
