"""Liking a public picture, and taking that back. A like and the points of its post change in one transaction.

Asking twice changes nothing: what counts is whether the row is there.
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef

from accounts.models import User
from accounts.refusals import Conflict, Refusal
from gallery.models import Like, Notification, Post
from gallery.notifying import notify, take_back

BATCH = 500


def like(user: User, post: Post) -> bool:
    """Whether it is new. Conflict where the post is no longer public, Refusal for one's own."""
    if not post.is_public:
        raise Conflict("not-public", "This picture is no longer in the gallery.")
    if post.author_id == user.pk:
        raise Refusal("own-post", "This picture is yours: others may like it.")
    try:
        with transaction.atomic():
            # The row first: of many who ask at once one writes it, and only that one counts.
            Like.objects.create(user=user, post=post)
            _count(post.pk, 1)
            notify(post.author, Notification.Kind.LIKE, user, post)
    except IntegrityError:
        return False
    return True


def unlike(user: User, post: Post) -> bool:
    """Whether there was a like."""
    with transaction.atomic():
        gone, _ = Like.objects.filter(user=user, post=post).delete()
        if gone:
            _count(post.pk, -1)
            take_back(post.author, Notification.Kind.LIKE, user, post)
    return bool(gone)


def forget_likes(user: User) -> int:
    """Take back all that a person liked; how many."""
    forgotten = 0
    while likes := list(Like.objects.filter(user=user).order_by("pk")[:BATCH]):
        for each in likes:
            with transaction.atomic():
                if Like.objects.filter(pk=each.pk).delete()[0]:
                    _count(each.post_id, -1)
                    forgotten += 1
    return forgotten


def liked_by(user: Any) -> Exists:
    """Of a post: whether this person likes it."""
    return Exists(Like.objects.filter(user=user.pk, post=OuterRef("pk")))


def _count(pk: int, change: int) -> None:
    Post.objects.filter(pk=pk).update(points=F("points") + change)
    Post.objects.rank(pk)
