"""All that waits for moderators in one queue, what is due first on top. A new kind of case is one more row of SOURCES.

Each source is read in the order of its own clock, a page at a time; the pages are merged here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from gallery.claims import claims_of
from gallery.models import (
    Appeal,
    Claim,
    Comment,
    CommentReport,
    ModerationAct,
    Notice,
    Post,
    Release,
    Report,
    Sanction,
    Subject,
)
from gallery.transitions import State
from generation.models import SafeguardRecord
from generation.models.counts import counts_of

A_PAGE = 50
ICONS = {
    Subject.POST: "image",
    Subject.RELEASE: "layers",
    Subject.COMMENT: "pencil",
    Subject.NOTICE: "flag",
    Subject.APPEAL: "undo-2",
    Subject.SANCTION: "ban",
    Subject.SAFEGUARD: "shield-check",
}
"""Instead of a picture."""
SAFEGUARDS_FOR = timedelta(days=30)
"""What a rule noted and nobody has looked at for so long, leaves the queue; the record stays."""


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the queue. `picture` is an address or empty; `subject` and `key` are what a claim is about."""

    subject: str
    key: int
    kind: str
    title: str
    author: User | None
    due_at: datetime
    words: str = ""
    picture: str = ""
    claim: Claim | None = None

    @property
    def url(self) -> str:
        return reverse("admin:desk_case", args=[self.subject, self.key])

    @property
    def icon(self) -> str:
        return ICONS[Subject(self.subject)]

    @property
    def is_overdue(self) -> bool:
        return self.due_at < timezone.now()


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of case: `rows` wait since `clock` (a field) and should be answered `hours` later."""

    name: str
    title: str
    clock: str
    hours: int
    rows: Callable[[], QuerySet[Any]]
    case: Callable[[Any, datetime], Case]


@dataclass(frozen=True, slots=True)
class Page:
    cases: list[Case]
    next_cursor: str


def waiting_posts() -> QuerySet[Any]:
    return Post.objects.shown().filter(state=State.PENDING).select_related("author")


def open_reports() -> QuerySet[Any]:
    """The first open report of each post that people can see, or could until it was hidden."""
    earlier = Report.objects.filter(post=OuterRef("post"), closed_at=None, pk__lt=OuterRef("pk"))
    # Not by a join, of which SQLite would read all public posts first.
    seen = Exists(Post.objects.filter(pk=OuterRef("post"), state__in=[State.APPROVED, State.HIDDEN]))
    return Report.objects.filter(seen, ~Exists(earlier), closed_at=None).select_related("post__author")


def waiting_releases() -> QuerySet[Any]:
    return Release.objects.filter(state=State.PENDING, lora__isnull=False).select_related("author")


def waiting_comments() -> QuerySet[Any]:
    return Comment.objects.filter(state=State.PENDING).select_related("author")


def reported_comments() -> QuerySet[Any]:
    """The first open report of each comment that people can see, or could until it was hidden."""
    earlier = CommentReport.objects.filter(comment=OuterRef("comment"), closed_at=None, pk__lt=OuterRef("pk"))
    seen = Exists(Comment.objects.filter(pk=OuterRef("comment"), state__in=[State.APPROVED, State.HIDDEN]))
    return CommentReport.objects.filter(seen, ~Exists(earlier), closed_at=None).select_related("comment__author")


def open_notices() -> QuerySet[Any]:
    return Notice.objects.filter(state=Notice.State.OPEN)


def unseen_safeguards() -> QuerySet[Any]:
    seen = ModerationAct.objects.filter(
        subject=Subject.SAFEGUARD, subject_id=OuterRef("pk"), verb=ModerationAct.Verb.SEEN
    )
    rows = SafeguardRecord.objects.filter(effect=SafeguardRecord.Effect.REVIEW, at__gte=timezone.now() - SAFEGUARDS_FOR)
    return rows.filter(~Exists(seen)).select_related("user", "version")


def open_appeals() -> QuerySet[Any]:
    return Appeal.objects.filter(state=Appeal.State.OPEN).select_related("author")


def proposed_bans() -> QuerySet[Any]:
    return Sanction.objects.filter(state=Sanction.State.PROPOSED).select_related("person", "by")


def _of_post(post: Post, due: datetime, kind: str = "Picture", words: str = "") -> Case:
    picture = reverse("admin:gallery_post_picture", args=[post.pk])
    return Case(Subject.POST, post.pk, kind, post.title, post.author, due, words or "; ".join(post.flags), picture)


def _of_report(report: Report, due: datetime) -> Case:
    words = f"{_hidden(report.post)}{report.get_reason_display()}. {report.words}"
    return _of_post(report.post, due, "Reported picture", words)


def _of_release(release: Release, due: datetime) -> Case:
    picture = reverse("admin:gallery_release_picture", args=[release.pk])
    return Case(
        Subject.RELEASE, release.pk, "LoRA", release.title, release.author, due, "; ".join(release.flags), picture
    )


def _of_comment(comment: Comment, due: datetime) -> Case:
    return Case(Subject.COMMENT, comment.pk, "Comment", comment.title, comment.author, due, "; ".join(comment.flags))


def _of_comment_report(report: CommentReport, due: datetime) -> Case:
    words = f"{_hidden(report.comment)}{report.get_reason_display()}. {report.words}"
    return replace(_of_comment(report.comment, due), kind="Reported comment", words=words)


def _hidden(thing: Post | Comment) -> str:
    return "Hidden. " if thing.state == State.HIDDEN else ""


def _of_notice(notice: Notice, due: datetime) -> Case:
    return Case(Subject.NOTICE, notice.pk, "Notice", notice.get_kind_display(), None, due, notice.statement)


def _of_safeguard(record: SafeguardRecord, due: datetime) -> Case:
    words = ", ".join(f"“{word}”" for word in record.words)
    return Case(Subject.SAFEGUARD, record.pk, "Safeguard", str(record.version or "A rule"), record.user, due, words)


def _of_appeal(appeal: Appeal, due: datetime) -> Case:
    title = f"Against a decision about a {appeal.get_subject_display().lower()}"
    return Case(Subject.APPEAL, appeal.pk, "Appeal", title, appeal.author, due, appeal.words)


def _of_ban(sanction: Sanction, due: datetime) -> Case:
    title = f"Proposed by {sanction.by.get_username()}"
    return Case(Subject.SANCTION, sanction.pk, "Ban", title, sanction.person, due, sanction.reason)


SOURCES = (
    Source("notice", "Notices", "due_at", 0, open_notices, _of_notice),
    Source("report", "Reports", "at", 24, open_reports, _of_report),
    Source("comment_report", "Reported comments", "at", 24, reported_comments, _of_comment_report),
    Source("post", "Pictures", "submitted_at", 72, waiting_posts, _of_post),
    Source("release", "LoRAs", "submitted_at", 72, waiting_releases, _of_release),
    Source("comment", "Comments", "submitted_at", 72, waiting_comments, _of_comment),
    Source("appeal", "Appeals", "at", 7 * 24, open_appeals, _of_appeal),
    Source("ban", "Bans", "at", 24, proposed_bans, _of_ban),
    Source("safeguard", "Safeguards", "at", 72, unseen_safeguards, _of_safeguard),
)


def counts(most: int = 1000) -> dict[str, int]:
    """How many cases of each source wait, as far as `most`. One query."""
    return counts_of({source.name: source.rows().order_by()[:most] for source in SOURCES})


def page_of_queue(only: str = "", cursor: str = "", a_page: int = A_PAGE) -> Page:
    """Cases after a cursor, what is due first on top; `only` is a source's name. A bad cursor begins at the top."""
    after = _read(cursor)
    found: list[tuple[tuple[datetime, int, int], Case]] = []
    for place, source in enumerate(SOURCES):
        if only and source.name != only:
            continue
        for row in _after(source, place, after)[: a_page + 1]:
            due = getattr(row, source.clock) + timedelta(hours=source.hours)
            found.append(((due, place, row.pk), source.case(row, due)))
    found.sort(key=lambda each: each[0])
    shown = found[:a_page]
    claims = claims_of([(case.subject, case.key) for _, case in shown])
    cases = [replace(case, claim=claims.get((case.subject, case.key))) for _, case in shown]
    more = len(found) > a_page
    return Page(cases, "_".join((shown[-1][0][0].isoformat(), *map(str, shown[-1][0][1:]))) if more else "")


def _after(source: Source, place: int, after: tuple[datetime, int, int] | None) -> QuerySet[Any]:
    rows = source.rows().order_by(source.clock, "pk")
    if after is None:
        return rows
    due, last_place, key = after
    moment = due - timedelta(hours=source.hours)
    later = Q(**{f"{source.clock}__gt": moment})
    if place > last_place:
        later |= Q(**{source.clock: moment})
    elif place == last_place:
        later |= Q(**{source.clock: moment, "pk__gt": key})
    return rows.filter(later)


def _read(cursor: str) -> tuple[datetime, int, int] | None:
    moment, _, rest = cursor.partition("_")
    place, _, key = rest.partition("_")
    if len(cursor) > 80 or not (place.isdecimal() and key.isdecimal()):
        return None
    try:
        due = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (due, int(place), int(key)) if due.tzinfo else None
