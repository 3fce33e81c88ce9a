"""Stored files as answers, with their headers: shown in a page, or as downloads. Who may have them is decided before.

A picture's PNG is kept as drawn; JPEG and WebP are made from it, and signed as they leave; SVG was traced.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import IO, TypeVar, cast

from asgiref.sync import sync_to_async
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import patch_cache_control

from accounts.refusals import Conflict, NotFound, Refusal
from generation.models import GeneratedImage
from generation.storage import files
from generation.storage.marks import converted
from generation.storage.signed import are_signed, lead

CONTENT_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "svg": "image/svg+xml"}
ENDINGS = {"png": "png", "jpeg": "jpg", "webp": "webp", "svg": "svg"}
WEIGHTS_TYPE = "application/octet-stream"
PIECE_BYTES = 1024**2

FOR_EVERYBODY = {"public": True, "max_age": 60, "s_maxage": 0, "proxy_revalidate": True}
"""Public now: whose browser has shown it may do so for a minute, caches between ask each time whether it still is."""
FOR_NOBODY = {"private": True, "no_store": True}
"""One person's own, or a moderator's to look at: no cache keeps it, their browser's neither."""

Response = TypeVar("Response", bound=HttpResponseBase)


def file_bytes(image: GeneratedImage, format: str, quality: int | None = None) -> bytes:
    """The file, carrying infotext and provenance; `quality` is 1..100 for a JPEG or WebP, None for its usual one.

    Raises Refusal for an unknown format or an SVG not yet traced, NotFound where the file is gone.
    """
    if format not in CONTENT_TYPES:
        raise Refusal("unknown-format", f"Pictures come as {', '.join(CONTENT_TYPES)}.")
    if format == "png":
        return files.read_kept(image.file)
    if format == "svg":
        if image.svg_state != GeneratedImage.Svg.READY:
            raise Conflict("not-traced", "This picture has not been traced yet; ask for it first.")
        return files.read_kept(image.svg_file)
    return converted(files.read_kept(image.file), format, image.infotext, quality)


def without_recipe(image: GeneratedImage) -> bytes:
    """The PNG as it looks, made anew: it says that a machine drew it, and not by which words.

    Raises NotFound where the file is gone.
    """
    return converted(files.read_kept(image.file), "png", "")


def inline(
    request: HttpRequest,
    name: str,
    content_type: str,
    cache: Mapping[str, bool | int],
    *,
    filename: str,
    etag: str = "",
) -> HttpResponse:
    """A stored file, shown in the page; an empty 304 for a browser that has the one of this `etag`.

    Pictures are small, so they are read whole: a streamed file would hold a thread of the event loop's server.
    Raises NotFound where the file is gone. With signed addresses it is the way into the bucket.
    """
    disposition = f'inline; filename="{filename}"'
    if are_signed():
        return lead(name, content_type, disposition, cache)
    if etag and request.headers.get("If-None-Match") == f'"{etag}"':
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(files.read_kept(name), content_type=content_type)
        response["Content-Disposition"] = disposition
        response["X-Content-Type-Options"] = "nosniff"
    if etag:
        response["ETag"] = f'"{etag}"'
    patch_cache_control(response, **cache)
    return response


def attachment(name: str, filename: str, content_type: str = WEIGHTS_TYPE) -> HttpResponse:
    """A stored file as a download, or the way to it in the bucket. Raises NotFound where it is gone."""
    if are_signed():
        return lead(name, content_type, f'attachment; filename="{filename}"', FOR_NOBODY)
    return _as_download(HttpResponse(files.read_kept(name), content_type=content_type), filename)


def streamed_attachment(place: Path | str, filename: str) -> HttpResponseBase:
    """A large file as a download, sent in pieces: one of this disk, or one of the storage by its name.

    Raises NotFound where it is gone. With signed addresses, one of the storage is handed out by the bucket.
    """
    if isinstance(place, str) and are_signed():
        return attachment(place, filename)
    try:
        size = place.stat().st_size if isinstance(place, Path) else default_storage.size(place)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFound("file-gone", "The file is gone from this site's storage.") from error
    response = StreamingHttpResponse(_pieces(place), content_type=WEIGHTS_TYPE)
    response["Content-Length"] = size
    return _as_download(response, filename)


def picture_attachment(image: GeneratedImage, format: str, quality: int | None = None) -> HttpResponse:
    """A picture as a download that no browser renders as a page of ours. Raises Refusal as `file_bytes` does.

    With signed addresses, what is kept in the format is handed out by the bucket; another format is made here.
    """
    filename = f"tempera-{image.code}.{ENDINGS.get(format, format)}"
    if are_signed() and (kept := kept_in(image, format)):
        return attachment(kept, filename, CONTENT_TYPES[format])
    response = HttpResponse(file_bytes(image, format, quality), content_type=CONTENT_TYPES[format])
    # An SVG is a document: opened from this address it must not run as a page of this site.
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return _as_download(response, filename)


def kept_in(image: GeneratedImage, format: str) -> str:
    """The stored name of the file in this format; empty where it would be made, or is not there yet."""
    if format == "svg":
        return image.svg_file if image.svg_state == GeneratedImage.Svg.READY else ""
    return image.file if format == "png" else ""


FILMS = {"mp4": ("film_file", "video/mp4"), "webp": ("animation_file", "image/webp")}
"""The kinds of a film: the field of its name, and its type."""


def film_of(image: GeneratedImage, kind: str) -> str:
    """The stored name of a grid's film; empty where it has none."""
    return str(getattr(image, FILMS[kind][0]))


def film_attachment(image: GeneratedImage, kind: str) -> HttpResponse:
    """A film as a download. Raises NotFound where it is gone."""
    return attachment(film_of(image, kind), f"tempera-{image.code}.{kind}", FILMS[kind][1])


def _as_download(response: Response, filename: str) -> Response:
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["X-Content-Type-Options"] = "nosniff"
    patch_cache_control(response, **FOR_NOBODY)
    return response


def _opened(place: Path | str) -> IO[bytes]:
    return place.open("rb") if isinstance(place, Path) else cast("IO[bytes]", default_storage.open(place))


async def _pieces(place: Path | str) -> AsyncIterator[bytes]:
    file = await sync_to_async(_opened)(place)
    try:
        while piece := await sync_to_async(file.read)(PIECE_BYTES):
            yield piece
    finally:
        await sync_to_async(file.close)()
