"""Paging by cursor: a page is what lies before or after one row, so it stays whole while rows arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.http import HttpRequest

signer = Signer(salt="generation.paging")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first, and the addresses of the neighbouring pages (empty: there is none)."""

    rows: Sequence[Any]
    newer_url: str
    older_url: str


def page_of(rows: QuerySet[Any], request: HttpRequest, size: int) -> Page:
    """The page that `?before=` or `?after=` names; the newest without either, or with one that we never gave out."""
    if after := _id_of(request.GET.get("after", "")):
        found = list(rows.filter(pk__gt=after).order_by("pk")[: size + 1])
        shown = found[:size][::-1]
        has_newer, has_older = len(found) > size, True
    else:
        before = _id_of(request.GET.get("before", ""))
        found = list((rows.filter(pk__lt=before) if before else rows).order_by("-pk")[: size + 1])
        shown = found[:size]
        has_newer, has_older = bool(before), len(found) > size
    newer = _address(request, "after", shown[0].pk) if shown and has_newer else ""
    older = _address(request, "before", shown[-1].pk) if shown and has_older else ""
    return Page(shown, newer, older)


def _id_of(cursor: str) -> int | None:
    try:
        return int(signer.unsign(cursor))
    except (BadSignature, ValueError):
        return None


def _address(request: HttpRequest, direction: str, pk: int) -> str:
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    query[direction] = signer.sign(str(pk))
    return f"{request.path}?{query.urlencode()}"
