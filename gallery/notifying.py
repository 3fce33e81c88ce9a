"""Telling people what others did with what they show: written here, read on their page, mailed once a day by choice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from gallery.models import Notification, Post
from generation.models.counts import CountOf

MOST_KEPT = 300
"""Of one person; older ones go when a new one comes."""
Kind = Notification.Kind
SENTENCES = {
    Kind.LIKE: ("{who} likes “{title}”", "{who} like “{title}”"),
    Kind.COMMENT: ("{who} commented on “{title}”", "{number} new comments on “{title}”"),
    Kind.FOLLOW: ("{who} follows you", "{who} follow you"),
    Kind.REMIX: ("{who} made a remix of “{title}”", "{number} new remixes of “{title}”"),
}
ICONS = {Kind.LIKE: "heart", Kind.COMMENT: "pencil", Kind.FOLLOW: "user", Kind.REMIX: "repeat-2"}


@dataclass(frozen=True, slots=True)
class Line:
    """A notification as its reader sees it; `url` is empty where there is nothing left to be seen."""

    kind: str
    sentence: str
    icon: str
    url: str
    at: datetime
    is_new: bool


def notify(person: User, kind: Notification.Kind, actor: User, post: Post | None = None) -> None:
    """Tell somebody that another person did this; not what they do themselves."""
    if person.pk == actor.pk:
        return
    rows, now = _unread(person, kind, post), timezone.now()
    again = {"actor": actor, "number": F("number") + 1, "at": now}
    if rows.update(**again):
        return
    try:
        with transaction.atomic():
            Notification.objects.create(
                person=person, kind=kind, actor=actor, post=post, group=_group(kind, post), at=now
            )
    except IntegrityError:  # somebody else has just written the first of them
        rows.update(**again)
    kept = Notification.objects.filter(person=person).order_by("-at", "-pk")
    if old := list(kept.values_list("pk", flat=True)[MOST_KEPT : MOST_KEPT + 100]):
        Notification.objects.filter(pk__in=old).delete()


def take_back(person: User, kind: Notification.Kind, actor: User, post: Post | None = None) -> None:
    """It was undone before it was read: pressing a heart again and again tells nobody anything."""
    rows = _unread(person, kind, post)
    if not rows.filter(number__lte=1).delete()[0]:
        rows.filter(number__gt=1).update(number=F("number") - 1)
        rows.filter(actor=actor).update(actor=None)


def newest_of(user: User) -> QuerySet[Notification]:
    return Notification.objects.filter(person=user).select_related("actor", "post__image")


def read(user: User, rows: Iterable[Notification]) -> None:
    """These were shown. What was added meanwhile is told the next time."""
    fresh = [row for row in rows if row.read_at is None]
    if fresh:
        # What has happened since is later than all of them.
        shown = Notification.objects.filter(person=user, pk__in=[row.pk for row in fresh], read_at=None)
        shown.filter(at__lte=max(row.at for row in fresh)).update(read_at=timezone.now())


def read_until(user: User, moment: datetime) -> int:
    """All that had happened until then was seen; how many were new."""
    shown = Notification.objects.filter(person=user, read_at=None, at__lte=moment)
    return shown.update(read_at=timezone.now())


def lines_of(rows: Iterable[Notification]) -> list[Line]:
    """At most one query, for who of those that follow has a page."""
    rows = list(rows)
    followers = {row.actor_id for row in rows if row.actor_id and row.kind == Kind.FOLLOW and row.number == 1}
    # Counted up to one: a join would read all that they ever published.
    shows = CountOf(Post.objects.public().filter(author=OuterRef("pk"))[:1])
    authors = set(User.objects.filter(pk__in=followers).alias(shows=shows).filter(shows=1).values_list("pk", flat=True))
    return [_line(row, row.actor_id in authors) for row in rows]


def _line(row: Notification, is_author: bool) -> Line:
    one, several = SENTENCES[Kind(row.kind)]
    name = row.actor.username if row.actor and row.actor.is_active else ""
    if row.number == 1:
        who = name or "Somebody"
    elif name:
        who = f"{name} and {row.number - 1} other{'' if row.number == 2 else 's'}"
    else:
        who = f"{row.number} people"
    url = ""
    if row.post is not None:
        page = "post-remixes" if row.kind == Kind.REMIX else "post"
        url = reverse(page, args=[row.post.code]) if row.post.is_public else ""
    elif name and is_author:
        url = reverse("author", args=[name])
    title = row.post.title if row.post else ""
    sentence = (one if row.number == 1 else several).format(who=who, number=row.number, title=title)
    return Line(row.kind, sentence, ICONS[Kind(row.kind)], url, row.at, row.read_at is None)


def _unread(person: User, kind: Notification.Kind, post: Post | None) -> QuerySet[Notification]:
    return Notification.objects.filter(person=person, group=_group(kind, post), read_at=None)


def _group(kind: Notification.Kind, post: Post | None) -> str:
    return f"{kind.value}:{post.pk if post else ''}"
