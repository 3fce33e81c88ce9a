"""What other sites and chat programs show of a page that is linked there: its card, in Open Graph's words."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse

from accounts.ratings import Rating
from gallery.models import Post
from generation.storage.thumbnails import LARGE
from generation.web.public_pictures import PictureCard

DESCRIPTION = "A picture by {}, made from text."


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
    """The address of a path; one that names its host, as pictures on a host of their own do, stays as it is."""
    return urljoin(settings.SITE_URL, path)


def page_of(post: Post) -> str:
    return absolute(reverse("post", args=[post.code]))


def card_of_post(post: Post) -> SocialCard:
    """Of a public post; its `image` and `author` should be fetched with it.

    A picture of a stronger rating is not in it: nothing veils it there.
    """
    assert post.image is not None
    if post.rating != Rating.GENERAL:
        return SocialCard("article", post.title, DESCRIPTION.format(post.author.username), page_of(post))
    part = min(1.0, LARGE / max(post.image.width, post.image.height))
    return SocialCard(
        kind="article",
        title=post.title,
        description=DESCRIPTION.format(post.author.username),
        url=page_of(post),
        picture=absolute(reverse("post-thumbnail-sized", args=[post.code, LARGE])),
        width=round(post.image.width * part),
        height=round(post.image.height * part),
        alt=post.title,
    )


def card_of_list(title: str, description: str, path: str, cards: list[PictureCard]) -> SocialCard:
    """Of a page of pictures, with the first of them that anybody may see."""
    first = next((card for card in cards if card.rating == Rating.GENERAL), None)
    if first is None:
        return SocialCard("website", title, description, absolute(path))
    return SocialCard("website", title, description, absolute(path), absolute(first.picture), alt=first.alt)
