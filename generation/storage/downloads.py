"""Files as downloads: a picture in a wanted format, a LoRA in pieces. Who may have them is decided before.

A picture's PNG is kept as drawn; JPEG and WebP are made from it; SVG was traced.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

from asgiref.sync import sync_to_async
from django.http import HttpResponse, StreamingHttpResponse
from PIL import Image

from accounts.refusals import Conflict, Refusal
from generation.imaging.encode import encode_image
from generation.models import GeneratedImage, Lora
from generation.storage import files

CONTENT_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "svg": "image/svg+xml"}
PIECE_BYTES = 1024**2
ENDINGS = {"png": "png", "jpeg": "jpg", "webp": "webp", "svg": "svg"}


def file_bytes(image: GeneratedImage, format: str) -> bytes:
    """The file, carrying infotext and provenance. Raises Refusal for an unknown format or an SVG not yet traced."""
    if format not in CONTENT_TYPES:
        raise Refusal("unknown-format", f"Pictures come as {', '.join(CONTENT_TYPES)}.")
    if format == "png":
        return files.read(image.file)
    if format == "svg":
        if image.svg_state != GeneratedImage.Svg.READY:
            raise Conflict("not-traced", "This picture has not been traced yet; ask for it first.")
        return files.read(image.svg_file)
    with Image.open(io.BytesIO(files.read(image.file)), formats=("PNG",)) as picture:
        return encode_image(picture, format, recipe_text=image.infotext)


def attachment(image: GeneratedImage, format: str) -> HttpResponse:
    """A download that no browser renders as a page of ours and no shared cache keeps."""
    response = HttpResponse(file_bytes(image, format), content_type=CONTENT_TYPES[format])
    response["Content-Disposition"] = f'attachment; filename="tempera-{image.code}.{ENDINGS[format]}"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def lora_attachment(lora: Lora, path: Path) -> StreamingHttpResponse:
    response = StreamingHttpResponse(pieces(path), content_type="application/octet-stream")
    response["Content-Length"] = path.stat().st_size
    response["Content-Disposition"] = f'attachment; filename="{lora.name}.safetensors"'
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def pieces(path: Path) -> AsyncIterator[bytes]:
    file = await sync_to_async(lambda: path.open("rb"))()
    try:
        while piece := await sync_to_async(file.read)(PIECE_BYTES):
            yield piece
    finally:
        await sync_to_async(file.close)()
