"""What moderators and the site itself did in each month, as numbers that anybody may read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone

from gallery.models import (
    Appeal,
    CommentDecision,
    CommentReport,
    Decision,
    ModerationAct,
    Notice,
    ReleaseDecision,
    Report,
)
from generation.messages.kept import kept
from generation.models import SafeguardRecord

MONTHS = 12
SECONDS_KEPT = 3600
Act = ModerationAct.Verb
DECIDED = {
    Decision.Verb.APPROVE: "Approved",
    Decision.Verb.REJECT: "Not accepted",
    Decision.Verb.TAKE_DOWN: "Taken down",
    Decision.Verb.KEEP: "Kept after reports",
    Decision.Verb.HIDE: "Hidden by number of reports, with no person",
    Decision.Verb.UNDO: "Decisions taken back",
}
ACTS = {
    Act.STRIKE: "Strikes",
    Act.SUSPEND: "Suspensions",
    Act.BAN: "Bans",
    Act.LIFT: "Sanctions lifted",
    Act.LINK_ENDED: "Share links ended",
    Act.SAMPLE_REMOVED: "Samples of LoRAs removed",
    Act.PICTURE_BLOCKED: "Pictures blocked",
}
SAFEGUARDS = {
    SafeguardRecord.Effect.BLOCK: "Prompts refused, with no person",
    SafeguardRecord.Effect.REVIEW: "Prompts noted for moderators",
    SafeguardRecord.Effect.WITHHELD: "Pictures withheld, with no person",
}
GROUPS = (
    ("Pictures, LoRAs and comments", tuple(DECIDED.values())),
    ("Reports and notices", (
        "Reports", "Notices of intimate pictures", "Notices of something illegal", "Notices upheld",
        "Notices not upheld", "Notices answered after their time",
    )),
    ("People", tuple(ACTS.values())),
    ("Appeals", ("Appeals", "Appeals granted", "Appeals refused")),
    ("Safeguards", tuple(SAFEGUARDS.values())),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """What is counted, and how often in each month, the newest first."""

    name: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    lines: tuple[Line, ...]


def months(now: datetime | None = None) -> list[datetime]:
    """The first moments of this month and those before it, the newest first."""
    first = (now or timezone.now()).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    listed = []
    for back in range(MONTHS):
        years, month = divmod(first.month - 1 - back, 12)
        listed.append(first.replace(year=first.year + years, month=month + 1))
    return listed


def report_of_months() -> tuple[list[datetime], list[Group]]:
    """All counts of the last MONTHS months; kept for SECONDS_KEPT, since anybody may ask."""
    listed = months()
    counted = kept(f"transparency:{listed[0]:%Y-%m}", SECONDS_KEPT, lambda: dict(_counts(listed[-1])))
    groups = [
        Group(title, tuple(Line(name, tuple(counted.get((name, f"{m:%Y-%m}"), 0) for m in listed)) for name in names))
        for title, names in GROUPS
    ]
    return listed, groups


def _counts(since: datetime) -> Counter[tuple[str, str]]:
    """How often each thing happened, by its name and its month (`2026-11`)."""
    counts: Counter[tuple[str, str]] = Counter()
    for name, month, number in _numbers(since):
        counts[name, f"{month:%Y-%m}"] += number
    return counts


def _numbers(since: datetime) -> Iterator[tuple[str, datetime, int]]:
    for model in (Decision, ReleaseDecision, CommentDecision):
        yield from _by_month(model.objects.filter(at__gte=since, verb__in=DECIDED), "at", "verb", DECIDED)
    yield from _by_month(ModerationAct.objects.filter(at__gte=since, verb__in=ACTS), "at", "verb", ACTS)
    rows = SafeguardRecord.objects.filter(at__gte=since, effect__in=SAFEGUARDS)
    yield from _by_month(rows, "at", "effect", SAFEGUARDS)
    for reports in (Report, CommentReport):
        yield from _by_month(reports.objects.filter(at__gte=since), "at", "", {"": "Reports"})
    kinds = {Notice.Kind.INTIMATE: "Notices of intimate pictures", Notice.Kind.ILLEGAL: "Notices of something illegal"}
    yield from _by_month(Notice.objects.filter(received_at__gte=since), "received_at", "kind", kinds)
    closed = Notice.objects.filter(closed_at__gte=since)
    outcomes = {Notice.State.UPHELD: "Notices upheld", Notice.State.DISMISSED: "Notices not upheld"}
    yield from _by_month(closed, "closed_at", "state", outcomes)
    late = {"": "Notices answered after their time"}
    yield from _by_month(closed.filter(closed_at__gt=F("due_at")), "closed_at", "", late)
    yield from _by_month(Appeal.objects.filter(at__gte=since), "at", "", {"": "Appeals"})
    answers = {Appeal.State.GRANTED: "Appeals granted", Appeal.State.REFUSED: "Appeals refused"}
    yield from _by_month(Appeal.objects.filter(closed_at__gte=since), "closed_at", "state", answers)


def _by_month(rows: QuerySet[Any], field: str, by: str, names: dict[Any, str]) -> Iterator[tuple[str, datetime, int]]:
    fields = ["month", *([by] if by else [])]
    grouped = rows.order_by().annotate(month=TruncMonth(field)).values(*fields).annotate(number=Count("pk"))
    for row in grouped:
        yield names[row[by] if by else ""], row["month"], row["number"]
