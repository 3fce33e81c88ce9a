"""The bytes of published pictures. The state is asked each time: what was withdrawn is gone within a minute."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from gallery.models import Post
from gallery.views.access import visible_post

KEPT_SECONDS = 60
"""How long a browser or a shared cache may show a public picture without asking again."""


@require_safe
def picture(request: HttpRequest, code: str) -> HttpResponse:
    """The PNG as it was drawn, with its infotext and provenance."""
    post = visible_post(request, code)
    return kept(request, post, post.image.file if post.image else "", "image/png", ".png")


@require_safe
def thumbnail(request: HttpRequest, code: str) -> HttpResponse:
    post = visible_post(request, code)
    return kept(request, post, post.image.thumbnail if post.image else "", "image/webp", "-small.webp")


def kept(request: HttpRequest, post: Post, name: str, content_type: str, ending: str) -> HttpResponse:
    """A stored file, inline. Only a public post's may lie in a cache that others share."""
    assert post.image is not None
    etag = f'"{post.image.sha256[:32]}{ending}"'
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        response = stored(name, content_type, f"tempera-{post.code}{ending}")
    response["ETag"] = etag
    if post.is_public:
        patch_cache_control(response, public=True, max_age=KEPT_SECONDS)
    else:
        patch_cache_control(response, private=True, no_store=True)
    return response


def stored(name: str, content_type: str, called: str) -> HttpResponse:
    """A file of ours, read whole: a streamed one would hold a thread of the event loop's server."""
    with default_storage.open(name) as file:
        response = HttpResponse(file.read(), content_type=content_type)
    response["Content-Disposition"] = f'inline; filename="{called}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
