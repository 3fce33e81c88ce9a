"""Makes a picture that somebody brings into the one that is kept to start from: upright, without EXIF, of bounded size.

What marks a machine's picture is not lost: XMP's word stays in the file, and all marks that are found are told.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generation.imaging.canvas import mask_of
from generation.imaging.encode import THUMBNAIL_SIDES, thumbnail
from generation.imaging.manifest import read_manifest
from generation.imaging.provenance import DRAWN_FROM_TEXT, SOURCE_TYPES, XMP_KEYWORD, xmp_packet
from generation.imaging.reading import picture_format, read_picture_metadata, source_type_of
from generation.imaging.untrusted import PictureRefused, open_picture
from generation.imaging.upright import upright, upright_with_alpha
from generation.imaging.watermark import extract
from generation.recipes.fields import MAX_PROMPT_CHARS
from generation.recipes.starting import MAX_SIDE

LEAST_SIDE = 16
_TERM = re.compile(re.escape(SOURCE_TYPES) + "[A-Za-z]{1,60}")


@dataclass(frozen=True, slots=True)
class Brought:
    """`file` is a PNG, `thumbnail` a WebP. `has_alpha`: some of it is transparent; `is_blank`: all of it is black.

    `source_type` is IPTC's term where the file tells one or carries this site's watermark, whose number is `mark`;
    `prompt` is that of the recipe in the file.
    """

    file: bytes
    thumbnail: bytes
    width: int
    height: int
    has_alpha: bool
    is_blank: bool
    source_type: str
    mark: int | None
    prompt: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.file).hexdigest()


def bring(data: bytes, anchors: str) -> Brought:
    """The kept picture of a file, read with mistrust; `anchors` are the certificates, as PEM, that are trusted.

    One with a side longer than MAX_SIDE is made smaller. Raises PictureRefused.
    """
    opened = open_picture(data)
    if getattr(opened, "is_animated", False):
        raise PictureRefused("animated-picture", "This picture moves: send a single frame of it.")
    if min(opened.size) < LEAST_SIDE:
        size = f"{opened.width}×{opened.height}"
        raise PictureRefused("too-small", f"The picture has {size} pixels; {LEAST_SIDE} on each side are needed.")
    picture = upright_with_alpha(opened)
    has_alpha = _has_clear(picture)
    picture = picture if has_alpha else picture.convert("RGB")
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    flat = upright(picture)
    found = None if _is_two_toned(flat) else extract(flat)
    source_type = _source_type(data, anchors)
    source_type = source_type or (DRAWN_FROM_TEXT if found else "")
    return Brought(
        _png(picture, source_type),
        thumbnail(flat, THUMBNAIL_SIDES[0], source_type=source_type),
        picture.width,
        picture.height,
        has_alpha,
        mask_of(picture).getbbox() is None,
        source_type,
        found.id if found else None,
        _prompt(data),
    )


def _has_clear(picture: Image.Image) -> bool:
    """Whether a pixel is not wholly opaque."""
    return picture.mode == "RGBA" and bool((np.asarray(picture.getchannel("A")) < 255).any())


def _is_two_toned(picture: Image.Image) -> bool:
    """Whether nearly all of it is black or white, as masks are. A watermark would have moved a quarter of such pixels,
    so none is looked for: that takes seconds, and the editor sends a mask after each stroke."""
    levels = picture.convert("L").histogram()
    return levels[0] + levels[255] > 0.85 * sum(levels)


def mask_png(data: bytes, *, clear_is_drawn: bool, inverted: bool = False) -> bytes:
    """A mask as a PNG, white where it is drawn, from a file read with mistrust. Raises PictureRefused.

    Where it is transparent its alpha is the mask: what is clear is drawn (OpenAI's way) or what is not (A1111's);
    else how light it is.
    """
    picture = upright_with_alpha(open_picture(data))
    if _has_clear(picture):
        mask = np.asarray(picture.getchannel("A"))
        inverted = inverted != clear_is_drawn
    else:
        mask = np.asarray(picture.convert("L"))
    return _png(Image.fromarray(255 - mask if inverted else mask), "")


def alpha_mask(png: bytes) -> bytes:
    """The mask that a kept picture's alpha offers, as a PNG: white where it is transparent, which is drawn."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
        alpha = np.asarray(picture.convert("RGBA").getchannel("A"))
    return _png(Image.fromarray(255 - alpha), "")


def _source_type(data: bytes, anchors: str) -> str:
    format = picture_format(data)
    terms = source_type_of(data, format), read_manifest(data, format, anchors).source_type
    return next((term for term in terms if _TERM.fullmatch(term)), "")


def _prompt(data: bytes) -> str:
    try:
        return read_picture_metadata(data).prompt[:MAX_PROMPT_CHARS]
    except PictureRefused:
        return ""


def _png(picture: Image.Image, source_type: str) -> bytes:
    chunks = PngInfo()
    if source_type:
        chunks.add_itxt(XMP_KEYWORD, xmp_packet(source_type).decode())
    png = io.BytesIO()
    picture.save(png, "PNG", compress_level=4, pnginfo=chunks)
    return png.getvalue()
