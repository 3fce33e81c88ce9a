"""Prepares an uploaded picture for training: upright, opaque, without metadata, of a size that a training can use."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass

from PIL import Image

from generation.imaging.encode import THUMBNAIL_SIDES, encode_image, thumbnail
from generation.imaging.pdq import pdq_hash
from generation.imaging.provenance import SOURCE_TYPES
from generation.imaging.reading import picture_format, read_picture_metadata, source_type_of
from generation.imaging.untrusted import PictureRefused, open_picture
from generation.imaging.upright import upright
from generation.training.datasets.refusals import FileRefused

LEAST_SIDE = 64
LARGEST_SIDE = 2048
"""Twice the largest resolution that is trained: room to crop, and no more."""
MAX_CAPTION_CHARS = 1000
TERM = re.compile(re.escape(SOURCE_TYPES) + "[A-Za-z]{1,60}")
MOST_PIXELS = 3_000_000_000
FREE_PIXELS = 100_000_000
PIXELS_A_BYTE = 200
"""Photographs have about five, flat drawings some fifty."""


class PixelBudget:
    """How many pixels one upload may have together, counted from headers before any is decoded.

    Some in any case, more for more bytes: a few kilobytes can promise as much as a folder of photographs.
    """

    def __init__(self, upload_bytes: int) -> None:
        self.left = min(MOST_PIXELS, FREE_PIXELS + PIXELS_A_BYTE * upload_bytes)

    def spend(self, pixels: int) -> None:
        if pixels > self.left:
            raise FileRefused(
                "upload-too-many-pixels",
                "The pictures sent together have too many pixels. Send this one in another upload.",
            )
        self.left -= pixels


@dataclass(frozen=True, slots=True)
class PreparedPicture:
    """A picture ready to keep: `file` is a PNG, `thumbnail` a WebP, `quality` 0..100 how sure `pdq` is.

    Both are bare but for XMP's word that a machine made the picture, where the file that came said so.

    `untaken` is the refusal of a text that is too long for a caption, which the picture then has none of.
    """

    file: bytes
    thumbnail: bytes
    width: int
    height: int
    sha256: str
    pdq: str
    quality: int
    caption: str
    untaken: FileRefused | None = None


def prepare_picture(data: bytes, budget: PixelBudget, caption: str = "") -> PreparedPicture:
    """The picture of a file, read with mistrust. Raises FileRefused: broken, a bomb, of another kind, or too small.

    Without a caption given, what the picture itself says of its prompt is its caption.
    """
    try:
        opened = open_picture(data)
        check_sides(*opened.size)
        budget.spend(opened.width * opened.height)
        image = upright(opened)
    except PictureRefused as refused:
        raise FileRefused(refused.code, str(refused)) from refused
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    source_type = source_type_told(data)
    file = encode_image(image, "png", source_type=source_type) if source_type else bare_png(image)
    digits, quality = pdq_hash(image)
    text = tidy_caption(caption or embedded_prompt(data))
    untaken = long_caption(len(text)) if len(text) > MAX_CAPTION_CHARS else None
    return PreparedPicture(
        file,
        thumbnail(image, THUMBNAIL_SIDES[0], source_type=source_type),
        image.width,
        image.height,
        hashlib.sha256(file).hexdigest(),
        digits,
        quality,
        "" if untaken else text,
        untaken,
    )


def bare_png(image: Image.Image) -> bytes:
    """Pixels and nothing else: no EXIF, no profile, no text."""
    png = io.BytesIO()
    image.save(png, "PNG", compress_level=4)
    return png.getvalue()


def source_type_told(data: bytes) -> str:
    """IPTC's term for how the picture was made, if its file tells one: what marks a machine's picture is not lost."""
    try:
        term = source_type_of(data, picture_format(data))
    except PictureRefused:
        return ""
    return term if TERM.fullmatch(term) else ""


def check_sides(width: int, height: int) -> None:
    """Raise FileRefused for a picture that is too small, or is once it is shrunk to the largest side that is kept."""
    if min(width, height) < LEAST_SIDE:
        size = f"{width} × {height}"
        raise FileRefused("too-small", f"The picture has {size} pixels; {LEAST_SIDE} on each side are needed.")
    kept = min(width, height) * min(1.0, LARGEST_SIDE / max(width, height))
    if round(kept) < LEAST_SIDE:
        sentence = (
            f"The picture has {width} × {height} pixels: shrunk to {LARGEST_SIDE} on its longer side,"
            f" {max(1, round(kept))} are left on the other, and {LEAST_SIDE} are needed. Crop it first."
        )
        raise FileRefused("too-small", sentence)


def long_caption(chars: int) -> FileRefused:
    return FileRefused(
        "long-caption", f"The caption has {chars:,} characters; at most {MAX_CAPTION_CHARS:,} are taken."
    )


def embedded_prompt(data: bytes) -> str:
    """The prompt that the picture carries, or nothing; one with replacement signs is not what was written."""
    try:
        prompt = read_picture_metadata(data).prompt
    except PictureRefused:
        return ""
    return "" if "\ufffd" in prompt else prompt


def tidy_caption(text: str) -> str:
    """One line without byte-order marks. How long it may be is the caller's to check: nothing is cut off."""
    return " ".join(text.replace("\x00", " ").replace("\ufeff", "").split())
