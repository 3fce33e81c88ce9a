"""The bytes of a person's own pictures. Public pictures are served by the gallery, under its own rules."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_GET

from accounts.refusals import Refusal
from generation.models import GeneratedImage
from generation.storage import files
from generation.storage.downloads import CONTENT_TYPES, attachment
from generation.web.access import MakerRequest, makers_only, own_image, say


@makers_only
@require_GET
def file(request: MakerRequest, code: str) -> HttpResponse:
    """The PNG as it was kept, shown in the page."""
    image = own_image(request, code)
    return kept(request, image, image.file, "image/png", f"{image.code}.png")


@makers_only
@require_GET
def thumbnail(request: MakerRequest, code: str) -> HttpResponse:
    image = own_image(request, code)
    return kept(request, image, image.thumbnail, "image/webp", f"{image.code}-small.webp")


def kept(request: MakerRequest, image: GeneratedImage, name: str, content_type: str, called: str) -> HttpResponse:
    """A kept file, inline. The browser may keep it for its owner, and asks each time whether it still may.

    Pictures are small, so they are read whole: a streamed file would hold a thread of the event loop's server.
    """
    etag = f'"{image.sha256[:32]}-{called.rpartition(".")[2]}"'
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(files.read(name), content_type=content_type)
        response["Content-Disposition"] = f'inline; filename="{called}"'
    response["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    return response


@makers_only
@require_GET
def download(request: MakerRequest, code: str, format_name: str) -> HttpResponse:
    """The picture as a file of one of four formats, with its recipe and provenance inside."""
    image = own_image(request, code)
    if format_name not in CONTENT_TYPES:
        raise Http404("Pictures come as png, jpeg, webp and svg.")
    try:
        return attachment(image, format_name)
    except Refusal as refusal:
        say(request, refusal)
        return redirect("image", code)
