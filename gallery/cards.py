"""Public posts as cards of a picture grid: in the gallery, and for other pages through the registry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from accounts.questions import Question
from gallery.facets import of_weights
from gallery.models import NEWEST, Decision, Post, Release, ReleaseSample
from gallery.news import unread
from gallery.search import Found
from gallery.transitions import MOVES
from gallery.words import plain_prompt
from generation.jobs.sharing import public_pictures
from generation.models import GeneratedImage, Lora
from generation.models.counts import first_values
from generation.recipes.picture import Recipe
from generation.storage.addresses import open_address
from generation.storage.thumbnails import SIDES, widths_of
from generation.web.public_pictures import Origin, PictureCard, PublicState, registry

WITHDRAW_POST = Question(
    "Withdraw this picture?",
    "It leaves the gallery at once, and links to it end. You may send it in again; a moderator looks anew.",
    label="Withdraw it",
    stay="Leave it there",
)
WITHDRAW_RELEASE = Question(
    "Withdraw this LoRA?",
    "Nobody but you and the people you named may use it from then on. Pictures that were made with it stay.",
    label="Withdraw it",
    stay="Leave it public",
)


def card_of(post: Post) -> PictureCard:
    """A public post; its `image` and `author` should be fetched with it."""
    image = post.image
    assert image is not None
    picture = open_address("post-thumbnail", post.code)
    sizes = [(SIDES[field], width) for field, width in widths_of(image).items()]
    return PictureCard(
        url=reverse("post", args=[post.code]),
        picture=picture,
        srcset=", ".join(f"{picture}/{side} {width}w" for side, width in sizes) if len(sizes) > 1 else "",
        anchor=f"p-{post.code}",
        width=image.width,
        height=image.height,
        alt=post.title,
        author=post.author.username,
        rating=post.rating,
    )


def cards_of(posts: Iterable[Post]) -> list[PictureCard]:
    return [card_of(post) for post in posts]


def newest(limit: int) -> Sequence[PictureCard]:
    return cards_of(Post.objects.public().select_related("image", "author").newest()[:limit])


def made_with(sha256: str, limit: int) -> Sequence[PictureCard]:
    found = Found(Post.objects.approved().select_related("image", "author"), facets=(of_weights(sha256),))
    return cards_of(found.order_by(*(f"-{name}" for name in NEWEST))[:limit])


def newest_pictures(sha256s: Sequence[str]) -> dict[str, str]:
    """The small picture of the newest public one made with each weight file, empty where there is none. One query."""
    made = {sha256: Found(Post.objects.approved().newest(), facets=(of_weights(sha256),)) for sha256 in sha256s}
    codes = {
        sha256: [each.first_near().values("code"), each.first_of_all().values("code")] for sha256, each in made.items()
    }
    return {
        sha256: open_address("post-thumbnail", code) if code else "" for sha256, code in first_values(codes).items()
    }


def samples_of(loras: Sequence[int], user: Any) -> dict[int, list[PictureCard]]:
    """The pictures of releases by their LoRA's id, in the author's order. One query."""
    visible = Release.objects.visible_to(user).filter(lora__in=loras)
    rows = ReleaseSample.objects.filter(release__in=visible, image__deleted_at=None).select_related("release", "image")
    cards: dict[int, list[PictureCard]] = {}
    for sample in rows.order_by("release", "place"):
        assert sample.release.lora_id is not None
        address = reverse("release-sample", args=[sample.release.code, sample.place])
        image = sample.image
        card = PictureCard(
            address, address, image.width, image.height, alt=plain_prompt(image.prompt), rating=image.rating
        )
        cards.setdefault(sample.release.lora_id, []).append(card)
    return cards


def recipe_of(code: str) -> Recipe | None:
    post = Post.objects.public().filter(code=code).select_related("image").first()
    return post.shown_recipe if post else None


def origin_of(code: str) -> Origin | None:
    post = Post.objects.public().filter(code=code).exclude(shares=Post.Shares.NOTHING).select_related("author").first()
    return Origin(code, post.title, post.author.username, reverse("post", args=[code])) if post else None


def remixable(code: str) -> GeneratedImage | None:
    post = Post.objects.public().filter(code=code).exclude(shares=Post.Shares.NOTHING).select_related("image").first()
    return post.image if post else None


def state_of(thing: GeneratedImage | Lora) -> PublicState:
    """Of one's own picture or LoRA. At most two queries."""
    rows: QuerySet[Any] = (
        Post.objects.filter(image=thing) if isinstance(thing, GeneratedImage) else (Release.objects.filter(lora=thing))
    )
    row = rows.first()
    if row is None:
        return PublicState(None, "", may_send=True, withdrawal=None)
    return PublicState(
        row,
        row.told_reason,
        may_send=row.state in MOVES[Decision.Verb.PUBLISH].sources,
        withdrawal=withdrawal_of(row),
    )


def withdrawal_of(row: Post | Release) -> Question | None:
    """What is asked before its author withdraws it; None where that cannot be done."""
    if row.state not in MOVES[Decision.Verb.WITHDRAW].sources:
        return None
    return WITHDRAW_POST if isinstance(row, Post) else WITHDRAW_RELEASE


def register() -> None:
    """Fill the registry."""
    registry.newest, registry.made_with, registry.recipe_of = newest, made_with, recipe_of
    registry.newest_pictures = newest_pictures
    registry.origin_of = origin_of
    registry.samples_of, registry.state_of, registry.unread = samples_of, state_of, unread
    public_pictures.remixable = remixable
