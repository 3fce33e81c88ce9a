"""What is known at the desk of one person: what they sent in, what was decided, what moderators noted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from accounts.models import User
from gallery.models import (
    Appeal,
    Comment,
    CommentReport,
    ModerationAct,
    Post,
    Release,
    Report,
    Sanction,
    Subject,
)

MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """`posts`, `releases`, `comments`: how many by state, in words. `reports`: open ones, of posts and comments."""

    person: User
    posts: dict[str, int]
    releases: dict[str, int]
    comments: dict[str, int]
    reports: int
    appeals: int
    sanctions: list[Sanction]
    in_force: set[int]
    acts: list[ModerationAct]


def record_of(person: User) -> PersonRecord:
    """Ten queries at most, whatever they did."""
    sanctions = Sanction.objects.of(person).select_related("by", "confirmed_by")
    acts = ModerationAct.objects.filter(person=person).select_related("who")
    complaints = CommentReport.objects.filter(comment__author=person, closed_at=None).count()
    return PersonRecord(
        person=person,
        posts=_by_state(Post.objects.of(person)),
        releases=_by_state(Release.objects.of(person)),
        comments=_by_state(Comment.objects.of(person)),
        reports=Report.objects.filter(post__author=person, closed_at=None).count() + complaints,
        appeals=Appeal.objects.filter(author=person).count(),
        sanctions=list(sanctions[:MOST_LISTED]),
        in_force=set(Sanction.objects.of(person).in_force().values_list("pk", flat=True)),
        acts=list(acts[:MOST_LISTED]),
    )


def notes_on(subject: str, key: int) -> list[ModerationAct]:
    """What moderators noted on a case, the newest first."""
    rows = ModerationAct.objects.filter(subject=subject, subject_id=key, verb=ModerationAct.Verb.NOTE)
    return list(rows.select_related("who")[:MOST_LISTED])


def person_of(subject: str, thing: Any) -> User | None:
    """Whose record belongs beside a case; a notice is nobody's."""
    if subject == Subject.PERSON:
        return thing if isinstance(thing, User) else None
    names = {Subject.SAFEGUARD: "user", Subject.SANCTION: "person", Subject.NOTICE: ""}
    name = names.get(Subject(subject), "author")
    return getattr(thing, name) if name else None


def _by_state(rows: Any) -> dict[str, int]:
    labels = dict(Post.State.choices)
    return {str(labels[state]): n for state, n in rows.order_by().values_list("state").annotate(Count("pk"))}
