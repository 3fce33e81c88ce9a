"""What a post was made from, and what was made from it: the chain that Remix leaves, and who is told of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet

from gallery import notifying
from gallery.models import Notification, Post
from generation.models import GeneratedImage
from generation.models.counts import CountOf

LONGEST_CHAIN = 12
"""Posts that a chain goes back to; the oldest of a longer one are left out."""
MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class Lineage:
    """`chain` are the public posts that it goes back to, the oldest first; `has_lost_parent` where the one that it was
    made from is not public any more. `remixes` are counted up to one more than MOST_COUNTED."""

    chain: list[Post]
    has_lost_parent: bool
    remixes: int


def origin_of(image: GeneratedImage) -> tuple[Post | None, str]:
    """The public post that a picture was made from, as its owner said when it was queued, and the lineage of what
    comes of it."""
    code = image.job.made_from if image.job else ""
    parent: Post | None = None
    if code:
        parent = Post.objects.public().filter(code=code).exclude(image=image).first()
    if parent is None:
        return None, ""
    return parent, " ".join([*parent.lineage.split(), str(parent.pk)][-LONGEST_CHAIN:])


def remix_count() -> CountOf:
    """Of a post: its public remixes, counted up to one more than MOST_COUNTED."""
    return CountOf(Post.objects.public().filter(made_from=OuterRef("pk"))[: MOST_COUNTED + 1])


def ancestors_of(post: Post) -> QuerySet[Post]:
    """The public posts that it goes back to, in any order."""
    ids = _ids_of(post)
    return Post.objects.public().filter(pk__in=ids) if ids else Post.objects.none()


def lineage_of(post: Post, ancestors: Iterable[Post], remixes: int) -> Lineage:
    """Of what was read: `ancestors` may hold others beside them."""
    ids = _ids_of(post)
    rows = {row.pk: row for row in ancestors}
    return Lineage([rows[pk] for pk in ids if pk in rows], bool(ids) and ids[-1] not in rows, remixes)


def tell_of_remix(post: Post) -> None:
    """Tell the author of the post that this one was made from that it is public now."""
    parent = post.made_from
    if parent is not None and parent.is_public:
        notifying.notify(parent.author, Notification.Kind.REMIX, post.author, parent)


def untell_of_remix(post: Post) -> None:
    """It is not public after all: who has not read of it yet is not told."""
    if post.made_from is not None:
        notifying.take_back(post.made_from.author, Notification.Kind.REMIX, post.author, post.made_from)


def _ids_of(post: Post) -> list[int]:
    return [int(pk) for pk in post.lineage.split()]
