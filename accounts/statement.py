"""The ledger as its owner reads it: what was held for a thing, and what came of it, in one line. It writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import CreditEntry, User

Kind = CreditEntry.Kind
ENDS = (Kind.SETTLE, Kind.RELEASE)


@dataclass(frozen=True, slots=True)
class Line:
    """A gift, or one thing that credits were held for. `amount` is what it changed the balance by, so far.

    `returned` are the credits of a hold that came back, `end` how it ended (empty: not yet), `at` when it began.
    """

    at: datetime
    what_for: str
    is_grant: bool
    amount: int
    returned: int = 0
    end: str = ""


def beginnings(user: User) -> QuerySet[CreditEntry]:
    """The entries that begin a line, newest first: every one but the ends of holds."""
    return CreditEntry.objects.filter(wallet__user=user).exclude(kind__in=ENDS)


def lines_of(begun: Sequence[CreditEntry]) -> list[Line]:
    """A line for each of these `beginnings`. One query for the ends of all."""
    held = [entry.reference for entry in begun if entry.kind == Kind.HOLD]
    ended = CreditEntry.objects.filter(reference__in=held, kind__in=ENDS)
    ends = {entry.reference: entry for entry in ended}
    return [_line(entry, ends.get(entry.reference)) for entry in begun]


def _line(begin: CreditEntry, end: CreditEntry | None) -> Line:
    what_for = begin.note or begin.reference
    if begin.kind == Kind.GRANT or end is None:
        return Line(begin.created_at, what_for, begin.kind == Kind.GRANT, begin.amount)
    return Line(
        begin.created_at,
        end.note or what_for,
        is_grant=False,
        amount=begin.amount + end.amount,
        returned=end.amount,
        end=end.kind,
    )
