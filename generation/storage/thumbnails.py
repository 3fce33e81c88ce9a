"""The small WebP files by which a picture is shown: three sizes, made once, when it is kept."""

from __future__ import annotations

from generation.imaging.encode import THUMBNAIL_SIDES
from generation.models import GeneratedImage
from generation.storage.marks import MarkedPicture

SMALL, USUAL, LARGE = THUMBNAIL_SIDES
SIDES = {"thumbnail_320": SMALL, "thumbnail": USUAL, "thumbnail_1280": LARGE}
"""A field of GeneratedImage -> how long the longer side of its files is at most."""
ENDINGS = {"thumbnail_320": "-320.webp", "thumbnail": "-small.webp", "thumbnail_1280": "-1280.webp"}


def thumbnails_of(picture: MarkedPicture) -> dict[str, bytes]:
    """The files by their fields; of a small picture only those that differ."""
    longest = max(picture.picture.size)
    sizes = {"thumbnail": USUAL}
    if longest > SMALL:
        sizes["thumbnail_320"] = SMALL
    if longest > USUAL:
        sizes["thumbnail_1280"] = LARGE
    return {field: picture.small(side) for field, side in sizes.items()}


def widths_of(image: GeneratedImage) -> dict[str, int]:
    """How many pixels wide the thumbnails are that there are, by their fields, the smallest first."""
    longest = max(image.width, image.height)
    return {
        field: round(image.width * min(1.0, side / longest)) for field, side in SIDES.items() if getattr(image, field)
    }
