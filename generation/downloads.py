"""One image as a file of a wanted format. The PNG is kept as drawn; JPEG and WebP are made from it; SVG was traced."""

from __future__ import annotations

import io

from django.http import HttpResponse
from PIL import Image

from accounts.refusals import Conflict, Refusal
from generation import imagefiles
from generation.imaging.encode import encode_image
from generation.models import GeneratedImage

CONTENT_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "svg": "image/svg+xml"}
ENDINGS = {"png": "png", "jpeg": "jpg", "webp": "webp", "svg": "svg"}


def file_bytes(image: GeneratedImage, format: str) -> bytes:
    """The file, carrying infotext and provenance. Raises Refusal for an unknown format or an SVG not yet traced."""
    if format not in CONTENT_TYPES:
        raise Refusal("unknown-format", f"Pictures come as {', '.join(CONTENT_TYPES)}.")
    if format == "png":
        return imagefiles.read(image.file)
    if format == "svg":
        if image.svg_state != GeneratedImage.Svg.READY:
            raise Conflict("not-traced", "This picture has not been traced yet; ask for it first.")
        return imagefiles.read(image.svg_file)
    with Image.open(io.BytesIO(imagefiles.read(image.file)), formats=("PNG",)) as picture:
        return encode_image(picture, format, recipe_text=image.infotext)


def attachment(image: GeneratedImage, format: str) -> HttpResponse:
    """A download that no browser renders as a page of ours and no shared cache keeps."""
    response = HttpResponse(file_bytes(image, format), content_type=CONTENT_TYPES[format])
    response["Content-Disposition"] = f'attachment; filename="tempera-{image.code}.{ENDINGS[format]}"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
