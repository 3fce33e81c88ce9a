"""What a post was made from, and what was made from it: the chain that Remix leaves, and who is told of it."""

from __future__ import annotations

from dataclasses import dataclass

from gallery import notifying
from gallery.models import Notification, Post
from generation.models import GeneratedImage

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


def lineage_of(post: Post) -> Lineage:
    """One query, and another for a post that was made from one."""
    ids = [int(pk) for pk in post.lineage.split()]
    rows = {row.pk: row for row in Post.objects.public().filter(pk__in=ids).select_related("author")} if ids else {}
    chain = [rows[pk] for pk in ids if pk in rows]
    remixes = Post.objects.public().filter(made_from=post)[: MOST_COUNTED + 1].count()
    return Lineage(chain, bool(ids) and ids[-1] not in rows, remixes)


def tell_of_remix(post: Post) -> None:
    """Tell the author of the post that this one was made from that it is public now."""
    parent = post.made_from
    if parent is not None and parent.is_public:
        notifying.notify(parent.author, Notification.Kind.REMIX, post.author, parent)


def untell_of_remix(post: Post) -> None:
    """It is not public after all: who has not read of it yet is not told."""
    if post.made_from is not None:
        notifying.take_back(post.made_from.author, Notification.Kind.REMIX, post.author, post.made_from)
