"""What became of what somebody sent in: counted for the bar of every page until they read it, and listed for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.urls import reverse

from accounts.models import User
from gallery.models import Comment, CommentDecision, Decision, Notification, Post, Release, ReleaseDecision
from generation.models.counts import CountOf

RELEASES_SHOWN = 50
KINDS: dict[type[Any], tuple[str, str]] = {
    Post: ("Picture", "image"),
    Release: ("LoRA", "layers"),
    Comment: ("Comment", "pencil"),
}
TOLD_WHY = (Post.State.REJECTED, Post.State.TAKEN_DOWN, Post.State.HIDDEN)


@dataclass(frozen=True, slots=True)
class SentIn:
    """A picture or a LoRA that was sent in. `url` is empty where it is gone, `picture` where none is to be seen,
    `appeal_url` where nothing was refused."""

    title: str
    kind: str
    icon: str
    url: str
    picture: str
    state: str
    state_title: str
    reason: str
    appeal_url: str
    submitted_at: datetime


def unread(user: User) -> CountOf:
    """Decisions that they have not read, and what others did that they have not seen; of a query's part."""
    others = Notification.objects.filter(person=user, read_at=None).order_by().values("pk")
    return CountOf(others.union(*(rows.values("pk") for rows in _decided(user)), all=True))


def decided_count(user: User) -> int:
    """Decisions alone that they have not read. One query."""
    first, *rest = (rows.values("pk") for rows in _decided(user))
    return first.union(*rest, all=True).count()


def _decided(user: User) -> list[QuerySet[Any, Any]]:
    return [
        rows.filter(is_news=True).order_by()
        for rows in (Post.objects.of(user), Release.objects.of(user), Comment.objects.of(user))
    ]


def posts_of(user: User) -> QuerySet[Any]:
    """Their posts, each with the reason of the last decision that had one."""
    last = Decision.objects.filter(post=OuterRef("pk")).exclude(reason="").order_by("-pk")
    rows: QuerySet[Any] = (
        Post.objects.of(user).select_related("image").annotate(reason=Subquery(last.values("reason")[:1]))
    )
    return rows


def releases_of(user: User) -> QuerySet[Any]:
    last = ReleaseDecision.objects.filter(release=OuterRef("pk")).exclude(reason="").order_by("-pk")
    return Release.objects.of(user).select_related("lora").annotate(reason=Subquery(last.values("reason")[:1]))


def comments_of(user: User) -> QuerySet[Any]:
    last = CommentDecision.objects.filter(comment=OuterRef("pk")).exclude(reason="").order_by("-pk")
    rows = Comment.objects.of(user).select_related("post__image")
    return rows.annotate(reason=Subquery(last.values("reason")[:1]))


def read(user: User) -> list[SentIn]:
    """What they have not read yet, which they have from now on. One query where there is nothing, else two more for
    each kind of thing."""
    first, *rest = (rows.annotate(kind=Value(rows.model._meta.model_name)) for rows in _decided(user))
    kinds = {kind for (kind,) in first.values_list("kind").union(*(rows.values_list("kind") for rows in rest))}
    return _read(user, kinds) if kinds else []


@transaction.atomic
def _read(user: User, kinds: Collection[str]) -> list[SentIn]:
    """Of the models of these names."""
    lines = []
    for sent in (releases_of(user), posts_of(user), comments_of(user)):
        if sent.model._meta.model_name in kinds:
            rows = list(sent.filter(is_news=True).order_by("-pk"))
            # Only what was listed: what is decided in this moment is told the next time.
            sent.model._default_manager.filter(pk__in=[row.pk for row in rows]).update(is_news=False)
            lines += lines_of(rows)
    return lines


def lines_of(rows: Sequence[Any]) -> list[SentIn]:
    """Of rows that came from `posts_of`, `releases_of` and `comments_of`."""
    return [_line(row) for row in rows]


def _line(row: Any) -> SentIn:
    url, picture = _addresses_of(row)
    is_post = isinstance(row, Post)
    kind, icon = KINDS[type(row)]
    return SentIn(
        title=row.title,
        kind=kind,
        icon=icon,
        url=url,
        picture=picture,
        state=row.state,
        state_title="Public" if row.state == row.State.APPROVED and not is_post else row.get_state_display(),
        # Why a reported one was kept is between moderators.
        reason=row.reason if row.state in TOLD_WHY else "",
        appeal_url=reverse("appeal", args=[row._meta.model_name, row.code]) if row.state in TOLD_WHY else "",
        submitted_at=row.submitted_at,
    )


def _addresses_of(row: Post | Release | Comment) -> tuple[str, str]:
    """Of its owner's page and of its small picture, as far as there are such."""
    if isinstance(row, Comment):
        return (reverse("post", args=[row.post.code]) if row.post.is_public else ""), ""
    if isinstance(row, Release):
        return (reverse("lora", args=[row.lora.name]) if row.lora else ""), ""
    if row.image is None or row.image.deleted_at is not None:
        return "", ""
    return reverse("image", args=[row.image.code]), reverse("image-thumbnail", args=[row.image.code])
