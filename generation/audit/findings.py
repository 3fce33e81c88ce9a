"""What a check of the audit yields, and what checks ask of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat, Substr

from accounts import credits
from accounts.models import CreditEntry

Kind = CreditEntry.Kind


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not agree: `code` names the check, `subject` the row or file; `fix` repairs without loss."""

    code: str
    subject: str
    advice: str
    fix: Callable[[], object] | None = None


Check = Callable[[], Iterator[Finding]]


def has_entry(prefix: str, *kinds: Kind) -> Q:
    """Whether the ledger has an entry of one of these kinds for the row, whose reference is `prefix` and its code."""
    entries = CreditEntry.objects.filter(kind__in=kinds, reference=Concat(Value(prefix), OuterRef("code")))
    return Q(Exists(entries))


def holds_without_row(prefix: str, rows: QuerySet[Any], code: str, advice: str) -> Iterator[Finding]:
    """Open holds of the ledger whose row is none of `rows`."""
    ended = CreditEntry.objects.filter(reference=OuterRef("reference"), kind__in=[Kind.SETTLE, Kind.RELEASE])
    holds = CreditEntry.objects.filter(kind=Kind.HOLD, reference__startswith=prefix).filter(~Exists(ended))
    row = rows.filter(code=OuterRef("code"))
    for entry in holds.annotate(code=Substr("reference", len(prefix) + 1)).filter(~Exists(row)):
        release = partial(credits.release, entry.reference, note="Audit: no such row")
        yield Finding(code, entry.reference, advice, release)
