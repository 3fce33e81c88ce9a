"""Who asks, and which post they may see or change: the first line of the gallery's views."""

from __future__ import annotations

from typing import Any, cast

from django.http import Http404, HttpRequest

from accounts.models import User
from gallery.models import Post
from generation.models import GeneratedImage

NO_POST = "There is no such picture in the gallery."


def person(request: HttpRequest) -> User:
    """Who is signed in, behind `login_required`."""
    return cast(User, request.user)


def visible_post(request: HttpRequest, code: str, **annotations: Any) -> Post:
    """A public post, or one's own in any state; anything else is not there. It carries the `annotations`."""
    rows = Post.objects.visible_to(request.user).filter(code=code).select_related("image", "author", "checkpoint")
    post: Post | None = rows.annotate(**annotations).first()
    if post is None:
        raise Http404(NO_POST)
    return post


def public_post(code: str) -> Post:
    post: Post | None = Post.objects.public().filter(code=code).select_related("image", "author").first()
    if post is None:
        raise Http404(NO_POST)
    return post


def own_post(request: HttpRequest, code: str) -> Post:
    post: Post | None = Post.objects.of(person(request)).filter(code=code).select_related("image").first()
    if post is None:
        raise Http404(NO_POST)
    return post


def own_image(request: HttpRequest, code: str) -> GeneratedImage:
    image: GeneratedImage | None = GeneratedImage.objects.of(person(request)).kept().filter(code=code).first()
    if image is None:
        raise Http404("There is no such picture, or it is not yours.")
    return image
