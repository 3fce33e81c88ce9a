"""Public posts as prints for rows of pictures: in the gallery, and in the registry that the maker's pages look into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.urls import reverse

from gallery.models import Post, Release, ReleaseSample
from gallery.words import plain_prompt
from generation.recipes.picture import Recipe
from generation.web.public_pictures import Print, registry


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


def samples_of(loras: Sequence[int], user: Any) -> dict[int, list[Print]]:
    """The pictures of releases by their LoRA's id, in the author's order. One query."""
    shown = Release.objects.visible_to(user).filter(lora__in=loras)
    rows = ReleaseSample.objects.filter(release__in=shown, image__deleted_at=None).select_related("release", "image")
    found: dict[int, list[Print]] = {}
    for sample in rows.order_by("release", "place"):
        assert sample.release.lora_id is not None
        found.setdefault(sample.release.lora_id, []).append(sample_print(sample))
    return found


def sample_print(sample: ReleaseSample) -> Print:
    address = reverse("release-sample", args=[sample.release.code, sample.place])
    image = sample.image
    return Print(address, address, image.width, image.height, alt=plain_prompt(image.prompt))


def recipe_of(code: str) -> Recipe | None:
    post = Post.objects.public().filter(code=code).select_related("image").first()
    return post.image.recipe if post else None


def hang() -> None:
    """Fill the registry."""
    registry.newest, registry.made_with, registry.recipe_of = newest, made_with, recipe_of
    registry.samples_of = samples_of
