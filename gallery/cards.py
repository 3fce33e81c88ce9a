"""Public posts as cards of a picture grid: in the gallery, and for other pages through the registry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from gallery.models import Decision, Post, Release, ReleaseSample
from gallery.news import unread
from gallery.transitions import MOVES
from gallery.words import plain_prompt
from generation.models import GeneratedImage, Lora
from generation.recipes.picture import Recipe
from generation.web.public_pictures import PictureCard, PublicState, registry


def card_of(post: Post) -> PictureCard:
    """A post that is shown; its `image` and `author` should be fetched with it."""
    image = post.image
    assert image is not None
    return PictureCard(
        url=reverse("post", args=[post.code]),
        picture=reverse("post-thumbnail", args=[post.code]),
        width=image.width,
        height=image.height,
        alt=post.title,
        author=post.author.username,
    )


def cards_of(posts: Iterable[Post]) -> list[PictureCard]:
    return [card_of(post) for post in posts]


def newest(limit: int) -> Sequence[PictureCard]:
    return cards_of(Post.objects.public().select_related("image", "author").newest()[:limit])


def made_with(sha256: str, limit: int) -> Sequence[PictureCard]:
    return cards_of(Post.objects.public().made_with(sha256).select_related("image", "author").newest()[:limit])


def samples_of(loras: Sequence[int], user: Any) -> dict[int, list[PictureCard]]:
    """The pictures of releases by their LoRA's id, in the author's order. One query."""
    visible = Release.objects.visible_to(user).filter(lora__in=loras)
    rows = ReleaseSample.objects.filter(release__in=visible, image__deleted_at=None).select_related("release", "image")
    cards: dict[int, list[PictureCard]] = {}
    for sample in rows.order_by("release", "place"):
        assert sample.release.lora_id is not None
        address = reverse("release-sample", args=[sample.release.code, sample.place])
        image = sample.image
        card = PictureCard(address, address, image.width, image.height, alt=plain_prompt(image.prompt))
        cards.setdefault(sample.release.lora_id, []).append(card)
    return cards


def recipe_of(code: str) -> Recipe | None:
    post = Post.objects.public().filter(code=code).select_related("image").first()
    return post.image.recipe if post else None


def state_of(thing: GeneratedImage | Lora) -> PublicState:
    """Of one's own picture or LoRA. At most two queries."""
    rows: QuerySet[Any] = (
        Post.objects.filter(image=thing) if isinstance(thing, GeneratedImage) else (Release.objects.filter(lora=thing))
    )
    row = rows.first()
    if row is None:
        return PublicState(None, "", may_send=True, may_withdraw=False)
    decision = row.last_decision
    return PublicState(
        row,
        decision.reason if decision else "",
        may_send=row.state in MOVES[Decision.Verb.PUBLISH].sources,
        may_withdraw=row.state in MOVES[Decision.Verb.WITHDRAW].sources,
    )


def register() -> None:
    """Fill the registry."""
    registry.newest, registry.made_with, registry.recipe_of = newest, made_with, recipe_of
    registry.samples_of, registry.state_of, registry.unread = samples_of, state_of, unread
