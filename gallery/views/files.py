"""The bytes of published pictures. The state is asked each time: what was withdrawn is gone within a minute."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from gallery.models import Post, Release, ReleaseSample
from gallery.shares import picture_shown
from gallery.views.access import visible_post
from generation.storage.downloads import FOR_EVERYBODY, FOR_NOBODY, inline
from generation.storage.thumbnails import SIDES


@require_safe
def picture(request: HttpRequest, code: str) -> HttpResponse:
    """The PNG with its provenance, and with as much of its recipe as its author shares."""
    post = visible_post(request, code)
    if post.shares != Post.Shares.RECIPE:
        return made_anew(request, post)
    return picture_of(request, post, post.image.file if post.image else "", "image/png", ".png")


@require_safe
def thumbnail(request: HttpRequest, code: str) -> HttpResponse:
    post = visible_post(request, code)
    return picture_of(request, post, post.image.thumbnail if post.image else "", "image/webp", "-small.webp")


@require_safe
def sized_thumbnail(request: HttpRequest, code: str, side: int) -> HttpResponse:
    """A thumbnail whose longer side has this many pixels, or the usual one where there is none."""
    field = next((field for field, known in SIDES.items() if known == side), None)
    if field is None:
        raise Http404("Small pictures have other sizes.")
    post = visible_post(request, code)
    name = (getattr(post.image, field) or post.image.thumbnail) if post.image else ""
    return picture_of(request, post, name, "image/webp", f"-{side}.webp")


def picture_of(request: HttpRequest, post: Post, name: str, content_type: str, ending: str) -> HttpResponse:
    """Only a public post's picture may lie in a cache that others share."""
    assert post.image is not None
    cache = FOR_EVERYBODY if post.is_public else FOR_NOBODY
    etag = f"{post.image.sha256[:32]}{ending}"
    return inline(request, name, content_type, cache, filename=f"tempera-{post.code}{ending}", etag=etag)


def made_anew(request: HttpRequest, post: Post) -> HttpResponse:
    """The PNG of a post that does not share its whole recipe; an empty 304 for a browser that has it."""
    assert post.image is not None
    etag = f'"{post.image.sha256[:32]}-{post.shares}.png"'
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(picture_shown(post), content_type="image/png")
        response["Content-Disposition"] = f'inline; filename="tempera-{post.code}.png"'
        response["X-Content-Type-Options"] = "nosniff"
    response["ETag"] = etag
    patch_cache_control(response, **(FOR_EVERYBODY if post.is_public else FOR_NOBODY))
    return response


@require_safe
def sample(request: HttpRequest, code: str, place: int) -> HttpResponse:
    """A picture of a release: everybody's when that is public, else its author's alone."""
    release = Release.objects.visible_to(request.user).filter(code=code).first()
    rows = ReleaseSample.objects.filter(release=release, place=place, image__deleted_at=None).select_related("image")
    row = rows.first() if release else None
    if release is None or row is None:
        raise Http404("There is no such picture.")
    cache = FOR_EVERYBODY if release.is_public else FOR_NOBODY
    filename = f"sample-{release.code}-{place}.webp"
    return inline(request, row.image.thumbnail, "image/webp", cache, filename=filename)
