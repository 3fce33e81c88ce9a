"""What every picture carries that leaves this site, put on in one order: pixels, then metadata, then the signature."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from numpy.typing import NDArray
from PIL import Image

from generation.imaging import watermark
from generation.imaging.encode import Pixels, encode_image, rgb_image, thumbnail
from generation.imaging.png_chunks import png_texts
from generation.imaging.provenance import DRAWN_FROM_TEXT, XMP_KEYWORD, source_type_in
from generation.models import Fingerprint
from generation.storage.fingerprints import new_fingerprint
from generation.storage.signing import sign

Drawn = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MarkedPicture:
    """A picture that was just drawn, as it is kept; `fingerprint` is saved with its row."""

    picture: Image.Image
    source_type: str
    fingerprint: Fingerprint

    def png(self, infotext: str) -> bytes:
        data = encode_image(self.picture, "png", recipe_text=infotext, source_type=self.source_type)
        return sign(data, "png", self.source_type)

    def small(self, longest_side: int) -> bytes:
        """A WebP, without the recipe."""
        data = thumbnail(self.picture, longest_side, source_type=self.source_type)
        return sign(data, "webp", self.source_type)


def marked(
    pixels: Pixels, source_type: str = DRAWN_FROM_TEXT, *, again: int | None = None, drawn: Drawn | None = None
) -> MarkedPicture:
    """A new picture, from uint8 (H, W, 3) or a Pillow image, with a watermark where it is large enough for one.

    `source_type` is IPTC's term for how it was made; `again` is its number, for one that was kept before. Where only
    some pixels were `drawn` (H, W), the others keep every bit, and are not marked.
    """
    picture, number = rgb_image(pixels), None
    if settings.WATERMARK and _has_room(picture, drawn):
        number = secrets.randbelow(2**watermark.ID_BITS) if again is None else again
        whole = watermark.embed(picture, number)
        picture = whole if drawn is None else Image.composite(whole, picture, Image.fromarray(drawn))
    fingerprint = new_fingerprint(picture)
    fingerprint.mark = number
    return MarkedPicture(picture, source_type, fingerprint)


def _has_room(picture: Image.Image, drawn: Drawn | None) -> bool:
    """Whether a watermark can be read again from what was drawn."""
    return watermark.has_room(picture if drawn is None else picture.crop(Image.fromarray(drawn).getbbox()))


def converted(png: bytes, format: str, infotext: str, quality: int | None = None) -> bytes:
    """A kept PNG in another format, or anew, with the recipe and all that the PNG says of itself.

    `quality` is 1..100 for a JPEG or WebP, None for its usual one.
    """
    source_type = source_type_in(png_texts(png).get(XMP_KEYWORD, "")) or DRAWN_FROM_TEXT
    with Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
        data = encode_image(picture, format, recipe_text=infotext, quality=quality, source_type=source_type)
        return sign(data, format, source_type)
