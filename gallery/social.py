"""What other sites and chat programs show of a page that is linked there: its card, in Open Graph's words."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from gallery.models import Post
from generation.storage.thumbnails import LARGE
from generation.web.public_pictures import PictureCard


@dataclass(frozen=True, slots=True)
class SocialCard:
    """Addresses are absolute; `picture` may be empty, its size is in pixels."""

    kind: str
    title: str
    description: str
    url: str
    picture: str = ""
    width: int = 0
    height: int = 0
    alt: str = ""


def absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def card_of_post(post: Post) -> SocialCard:
    """Of a public post; its `image` and `author` should be fetched with it."""
    assert post.image is not None
    part = min(1.0, LARGE / max(post.image.width, post.image.height))
    return SocialCard(
        kind="article",
        title=post.title,
        description=f"A picture by {post.author.username}, made from text.",
        url=absolute(reverse("post", args=[post.code])),
        picture=absolute(reverse("post-thumbnail-sized", args=[post.code, LARGE])),
        width=round(post.image.width * part),
        height=round(post.image.height * part),
        alt=post.title,
    )


def card_of_list(title: str, description: str, path: str, cards: list[PictureCard]) -> SocialCard:
    """Of a page of pictures, with the first of them."""
    picture = absolute(cards[0].picture) if cards else ""
    return SocialCard("website", title, description, absolute(path), picture, alt=cards[0].alt if cards else "")
