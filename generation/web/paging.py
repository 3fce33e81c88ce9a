"""Paging by cursor: a page is what lies before or after one row, so it stays whole while rows arrive.

The API's pages are `config.paging`'s; the ledger, to which nothing is added in between, has numbered ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import Field, Model, Q, QuerySet
from django.http import HttpRequest

signer = Signer(salt="generation.paging")

BY_ID = ("pk",)
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first, and the addresses of the neighbouring pages (empty: there is none)."""

    rows: Sequence[Any]
    newer_url: str
    older_url: str
    is_first: bool


def page_of(rows: QuerySet[Any], request: HttpRequest, size: int, order: Sequence[str] = BY_ID) -> Page:
    """The page that `?before=` or `?after=` names; the newest without either, or with one that we never gave out.

    `order` are the fields whose falling values are the order of the rows; together they are unique.
    """
    after = _cursor(rows.model, order, request.GET.get("after", ""))
    before = None if after else _cursor(rows.model, order, request.GET.get("before", ""))
    if after:
        near = list(rows.filter(_beyond(order, after, "gt")).order_by(*order)[: size + 1])
        page = near[:size][::-1]
        has_newer, has_older = len(near) > size, True
    else:
        older = rows.filter(_beyond(order, before, "lt")) if before else rows
        near = list(older.order_by(*(f"-{name}" for name in order))[: size + 1])
        page = near[:size]
        has_newer, has_older = before is not None, len(near) > size
    newer_url = _address(request, "after", page[0], order) if page and has_newer else ""
    older_url = _address(request, "before", page[-1], order) if page and has_older else ""
    return Page(page, newer_url, older_url, is_first=not (after or before))


def neighbours(rows: QuerySet[Row], row: Row, order: Sequence[str] = BY_ID) -> tuple[Row | None, Row | None]:
    """The next newer and the next older of `rows`, beside one of them. Two queries."""
    values = [getattr(row, name) for name in order]
    newer = rows.filter(_beyond(order, values, "gt")).order_by(*order).first()
    older = rows.filter(_beyond(order, values, "lt")).order_by(*(f"-{name}" for name in order)).first()
    return newer, older


def _beyond(order: Sequence[str], values: Sequence[Any], comparison: str) -> Q:
    """Rows that come later in the order: the first field differs, or it is equal and the next one differs."""
    beyond = Q()
    for place, name in enumerate(order):
        equal = dict(zip(order[:place], values, strict=False))
        beyond |= Q(**equal, **{f"{name}__{comparison}": values[place]})
    return beyond


def _cursor(model: type[Model], order: Sequence[str], cursor: str) -> list[Any] | None:
    try:
        texts = signer.unsign_object(cursor)
        return [field.to_python(text) for field, text in zip(_fields(model, order), texts, strict=True)]
    except (BadSignature, ValueError, TypeError, ValidationError):
        return None


def _address(request: HttpRequest, direction: str, row: Model, order: Sequence[str]) -> str:
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    query[direction] = signer.sign_object([field.value_to_string(row) for field in _fields(type(row), order)])
    return f"{request.path}?{query.urlencode()}"


def _fields(model: type[Model], order: Sequence[str]) -> list[Field[Any, Any]]:
    return [model._meta.pk if name == "pk" else model._meta.get_field(name) for name in order]  # type: ignore[misc]
