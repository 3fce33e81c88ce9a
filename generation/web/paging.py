"""Paging by cursor: a page is what lies before or after one row, so it stays whole while rows arrive.

The API's pages are `config.paging`'s; the ledger, to which nothing is added in between, has numbered ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import BooleanField, F, Field, Func, Model, OuterRef, QuerySet, Value
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


class Rows(Protocol):
    """What can be paged: a queryset, or what answers as one does."""

    @property
    def model(self) -> type[Model]: ...

    def filter(self, *conditions: Any, **named: Any) -> Rows: ...

    def order_by(self, *names: str) -> Rows: ...

    def __getitem__(self, limits: slice, /) -> Iterable[Any]: ...


def page_of(rows: Rows, request: HttpRequest, size: int, order: Sequence[str] = BY_ID) -> Page:
    """The page that `?before=` or `?after=` names; the newest without either, or with one that we never gave out.

    `order` are the fields whose falling values are the order of the rows; together they are unique.
    """
    after = values_of(rows.model, order, request.GET.get("after", ""))
    before = None if after else values_of(rows.model, order, request.GET.get("before", ""))
    if after:
        near = list(rows.filter(beyond(rows.model, order, after, ">")).order_by(*order)[: size + 1])
        page = near[:size][::-1]
        has_newer, has_older = len(near) > size, True
    else:
        older = rows.filter(beyond(rows.model, order, before, "<")) if before else rows
        near = list(older.order_by(*(f"-{name}" for name in order))[: size + 1])
        page = near[:size]
        has_newer, has_older = before is not None, len(near) > size
    newer_url = _address(request, "after", page[0], order) if page and has_newer else ""
    older_url = _address(request, "before", page[-1], order) if page and has_older else ""
    return Page(page, newer_url, older_url, is_first=not (after or before))


def neighbours(rows: QuerySet[Row], row: Row, order: Sequence[str] = BY_ID) -> tuple[Row | None, Row | None]:
    """The next newer and the next older of `rows`, beside one of them. Two queries."""
    values = [getattr(row, name) for name in order]
    newer = rows.filter(beyond(rows.model, order, values, ">")).order_by(*order).first()
    older = rows.filter(beyond(rows.model, order, values, "<")).order_by(*(f"-{name}" for name in order)).first()
    return newer, older


def beside(rows: QuerySet[Row], order: Sequence[str] = BY_ID) -> tuple[QuerySet[Row], QuerySet[Row]]:
    """As `neighbours`, for a query that reads a row of the same model: what is next to it, as its subqueries."""
    values = [OuterRef(name) for name in order]
    newer = rows.filter(beyond(rows.model, order, values, ">")).order_by(*order)
    older = rows.filter(beyond(rows.model, order, values, "<")).order_by(*(f"-{name}" for name in order))
    return newer[:1], older[:1]


def beyond(model: type[Model], order: Sequence[str], values: Sequence[Any], comparison: str) -> Func:
    """Rows that come later (`<`) or earlier (`>`) than these values of the order's fields.

    Written as `(a, b) < (x, y)`, which both databases answer from an index on (a, b); the same with OR they do not.
    """
    given = [
        value if isinstance(value, OuterRef) else Value(value, output_field=field)
        for field, value in zip(_fields(model, order), values, strict=True)
    ]
    sides = (Func(*each, template="(%(expressions)s)", output_field=BooleanField()) for each in (map(F, order), given))
    return Func(*sides, template="%(expressions)s", arg_joiner=f" {comparison} ", output_field=BooleanField())


def values_of(model: type[Model], order: Sequence[str], cursor: str) -> list[Any] | None:
    """What `cursor_of` named; None for what it never gave out."""
    try:
        texts = signer.unsign_object(cursor)
        return [field.to_python(text) for field, text in zip(_fields(model, order), texts, strict=True)]
    except (BadSignature, ValueError, TypeError, ValidationError):
        return None


def _address(request: HttpRequest, direction: str, row: Model, order: Sequence[str]) -> str:
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    query[direction] = cursor_of(row, order)
    return f"{request.path}?{query.urlencode()}"


def cursor_of(row: Model, order: Sequence[str]) -> str:
    """What `?before=` and `?after=` name a row by."""
    return signer.sign_object([field.value_to_string(row) for field in _fields(type(row), order)])


def _fields(model: type[Model], order: Sequence[str]) -> list[Field[Any, Any]]:
    return [model._meta.pk if name == "pk" else model._meta.get_field(name) for name in order]  # type: ignore[misc]
