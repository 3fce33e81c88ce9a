"""What others see by a link: one picture, or those of an album, and their files. Nothing of it is found any other way.

Every address asks the row of the link, so that what is revoked, expired or deleted is gone at once, from caches too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from generation.jobs.sharing import link_of
from generation.models import GeneratedImage, ShareLink
from generation.storage.downloads import FOR_NOBODY, inline, without_recipe
from generation.web.paging import neighbours, page_of

IMAGES_A_PAGE = 60
GONE = "This link leads nowhere. It may have ended; ask whoever gave it to you."

P = ParamSpec("P")


def by_link(view: Callable[Concatenate[HttpRequest, ShareLink, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """Open to whoever has a link that holds; kept by no cache, listed by no search engine, told to no other site."""

    @wraps(view)
    def guarded(request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        link = link_of(token)
        if link is None:
            raise Http404(GONE)
        response = view(request, link, *args, **kwargs)
        patch_cache_control(response, **FOR_NOBODY)
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return guarded


def shown_image(link: ShareLink, code: str) -> GeneratedImage:
    image: GeneratedImage | None = link.images().filter(code=code).first()
    if image is None:
        raise Http404(GONE)
    return image


@require_safe
@by_link
def shared(request: HttpRequest, link: ShareLink) -> HttpResponse:
    """The picture of the link, or a page of its album."""
    token = request.resolver_match.kwargs["token"] if request.resolver_match else ""
    if link.album is None:
        image = link.images().first()
        if image is None:
            raise Http404(GONE)
        return picture_page(request, link, image, token)
    page = page_of(link.images(), request, IMAGES_A_PAGE)
    return render(request, "generation/shared_album.html", {"link": link, "page": page, "token": token})


@require_safe
@by_link
def shared_image(request: HttpRequest, link: ShareLink, code: str) -> HttpResponse:
    """One picture of an album."""
    token = request.resolver_match.kwargs["token"] if request.resolver_match else ""
    return picture_page(request, link, shown_image(link, code), token)


def picture_page(request: HttpRequest, link: ShareLink, image: GeneratedImage, token: str) -> HttpResponse:
    newer, older = neighbours(link.images(), image) if link.album else (None, None)
    context = {
        "link": link,
        "image": image,
        "token": token,
        "newer": newer,
        "older": older,
        "recipe": image.recipe if link.with_recipe else None,
    }
    return render(request, "generation/shared_image.html", context)


@require_safe
@by_link
def picture(request: HttpRequest, link: ShareLink, code: str) -> HttpResponse:
    """The PNG as it was drawn; without its recipe, unless that is shared too."""
    image = shown_image(link, code)
    filename = f"tempera-{image.code}.png"
    if link.with_recipe:
        return inline(request, image.file, "image/png", FOR_NOBODY, filename=filename)
    response = HttpResponse(without_recipe(image), content_type="image/png")
    response["Content-Disposition"] = f'inline; filename="{filename}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
@by_link
def thumbnail(request: HttpRequest, link: ShareLink, code: str) -> HttpResponse:
    image = shown_image(link, code)
    return inline(request, image.thumbnail, "image/webp", FOR_NOBODY, filename=f"tempera-{image.code}-small.webp")
