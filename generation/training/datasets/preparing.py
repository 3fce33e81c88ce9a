"""Prepares an uploaded picture for training: upright, opaque, without metadata, of a size that a training can use."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from generation.imaging.encode import THUMBNAIL_SIDES, rgb_image, thumbnail
from generation.imaging.pdq import pdq_hash
from generation.imaging.reading import read_picture_metadata
from generation.imaging.untrusted import PictureRefused, open_picture
from generation.training.datasets.refusals import FileRefused

LEAST_SIDE = 64
LARGEST_SIDE = 2048
"""Twice the largest resolution that is trained: room to crop, and no more."""
MAX_CAPTION_CHARS = 1000


@dataclass(frozen=True, slots=True)
class PreparedPicture:
    """A picture ready to keep: `file` is a bare PNG, `thumbnail` a WebP, `quality` 0..100 how sure `pdq` is."""

    file: bytes
    thumbnail: bytes
    width: int
    height: int
    sha256: str
    pdq: str
    quality: int
    caption: str


def prepare_picture(data: bytes, caption: str = "") -> PreparedPicture:
    """The picture of a file, read with mistrust. Raises FileRefused: broken, a bomb, of another kind, or too small.

    Without a caption given, what the picture itself says of its prompt is its caption.
    """
    try:
        image = upright(open_picture(data))
    except PictureRefused as refused:
        raise FileRefused(refused.code, str(refused)) from refused
    if min(image.size) < LEAST_SIDE:
        size = f"{image.width} × {image.height}"
        raise FileRefused("too-small", f"The picture has {size} pixels; {LEAST_SIDE} on each side are needed.")
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    png = io.BytesIO()
    # Pixels and nothing else: no EXIF, no profile, no text.
    image.save(png, "PNG", compress_level=4)
    file = png.getvalue()
    digits, quality = pdq_hash(image)
    return PreparedPicture(
        file,
        thumbnail(image, THUMBNAIL_SIDES[0]),
        image.width,
        image.height,
        hashlib.sha256(file).hexdigest(),
        digits,
        quality,
        tidy_caption(caption or embedded_prompt(data)),
    )


def upright(image: Image.Image) -> Image.Image:
    """The pixels as they are meant to be seen: turned as EXIF says, on white where they are transparent."""
    try:
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.has_transparency_data:
            transparent = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", transparent.size, "white"), transparent)
        elif image.mode.startswith("I"):
            # Sixteen bits of grey, which a plain conversion would cut off at 255.
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    except Exception as error:
        # A hostile body makes Pillow raise nearly any type.
        raise PictureRefused("damaged-picture", "This picture is damaged.") from error
    return rgb_image(image)


def embedded_prompt(data: bytes) -> str:
    """The prompt that the picture carries, or nothing; one with replacement signs is not what was written."""
    try:
        prompt = read_picture_metadata(data).prompt
    except PictureRefused:
        return ""
    return "" if "\ufffd" in prompt else prompt


def tidy_caption(text: str) -> str:
    """One line, in at most as many characters as a caption has, without byte-order marks."""
    return " ".join(text.replace("\x00", " ").replace("\ufeff", "").split())[:MAX_CAPTION_CHARS]
