"""Public posts as prints for rows of pictures: in the gallery, and in the showroom that the maker's pages look into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.urls import reverse

from gallery.models import Post
from generation.recipe import Recipe
from generation.showroom import Print, showroom


def print_of(post: Post) -> Print:
    """A post that is shown; its `image` and `author` should be fetched with it."""
    image = post.image
    assert image is not None
    return Print(
        url=reverse("post", args=[post.code]),
        picture=reverse("post-thumbnail", args=[post.code]),
        width=image.width,
        height=image.height,
        alt=post.title,
        author=post.author.username,
    )


def prints_of(posts: Iterable[Post]) -> list[Print]:
    return [print_of(post) for post in posts]


def newest(limit: int) -> Sequence[Print]:
    return prints_of(Post.objects.public().select_related("image", "author").newest()[:limit])


def made_with(sha256: str, limit: int) -> Sequence[Print]:
    return prints_of(Post.objects.public().made_with(sha256).select_related("image", "author").newest()[:limit])


def recipe_of(code: str) -> Recipe | None:
    post = Post.objects.public().filter(code=code).select_related("image").first()
    return post.image.recipe if post else None


def hang() -> None:
    """Fill the showroom."""
    showroom.newest, showroom.made_with, showroom.recipe_of = newest, made_with, recipe_of
