"""The bytes of a person's own pictures. Public pictures are served by the gallery, under its own rules."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from generation.storage.downloads import CONTENT_TYPES, FOR_NOBODY, inline, picture_attachment
from generation.web.access import SignedInRequest, own_image, refusals_on, signed_in_only


@signed_in_only
@require_GET
def file(request: SignedInRequest, code: str) -> HttpResponse:
    """The PNG as it was kept, shown in the page."""
    image = own_image(request, code)
    etag = f"{image.sha256[:32]}-png"
    return inline(request, image.file, "image/png", FOR_NOBODY, filename=f"{image.code}.png", etag=etag)


@signed_in_only
@require_GET
def thumbnail(request: SignedInRequest, code: str) -> HttpResponse:
    image = own_image(request, code)
    etag = f"{image.sha256[:32]}-webp"
    return inline(request, image.thumbnail, "image/webp", FOR_NOBODY, filename=f"{image.code}-small.webp", etag=etag)


@signed_in_only
@require_GET
@refusals_on("image", "code")
def download(request: SignedInRequest, code: str, format_name: str) -> HttpResponse:
    """The picture as a file of one of four formats, with its recipe and provenance inside."""
    image = own_image(request, code)
    if format_name not in CONTENT_TYPES:
        raise Http404("Pictures come as png, jpeg, webp and svg.")
    return picture_attachment(image, format_name)
