"""Small WebP copies for lists and galleries, without any metadata. Not for live previews."""

from __future__ import annotations

import io

from PIL import Image

from generation.imaging.encode import Pixels, rgb_image

THUMBNAIL_SIDES = (320, 640)
QUALITY = 80


def thumbnail(image: Pixels, longest_side: int) -> bytes:
    """WebP bytes whose longer side is at most `longest_side` pixels; a smaller picture keeps its size."""
    small = rgb_image(image)
    small.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "WEBP", quality=QUALITY, method=4)
    return file.getvalue()
