"""How the API pages a list: by cursor, newest first, so that a page stays whole while rows arrive.

A list by rank is paged by cursors of two fields, since many rows may have the same points.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from accounts.refusals import Refusal
from generation.web.paging import beyond, cursor_of, values_of

MOST_CURSOR = 1000


class NewestFirst(CursorPagination):
    """`?limit=` 1 to 100 rows a page. A view with another order says so in its `ordering` attribute.

    One whose `is_ranked` is true is paged forwards alone: ranks move while somebody reads, so that there is no page
    before one to go back to.
    """

    ranked_url: str | None = None
    """Of the page behind one of a list by rank."""
    is_ranked = False

    page_size = 24
    max_page_size = 100
    page_size_query_param = "limit"
    ordering = "-id"

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> tuple[str, ...]:
        self.model = queryset.model
        ordering = getattr(view, "ordering", self.ordering)
        return (ordering,) if isinstance(ordering, str) else tuple(ordering)

    def paginate_queryset(  # type: ignore[override]
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> Sequence[Any] | None:
        self.is_ranked = getattr(view, "is_ranked", False)
        if not self.is_ranked or view is None:
            return super().paginate_queryset(queryset, request, view)
        ordering, size = self.get_ordering(request, queryset, view), self.get_page_size(request)
        rows = self._behind(queryset, request, ordering).order_by(*ordering)[: size + 1]
        if len(rows) > size:
            # With the name of the rank, since a place in one means nothing in another.
            cursor = f"{ordering[0]}.{cursor_of(rows[size - 1], names_of(ordering))}"
            self.ranked_url = replace_query_param(request.build_absolute_uri(), self.cursor_query_param, cursor)
        return list(rows[:size])

    def _behind(self, rows: Any, request: Request, ordering: Sequence[str]) -> Any:
        """Those behind the row that `?cursor=` names. Raises Refusal for a cursor that this list never gave out."""
        cursor = request.query_params.get(self.cursor_query_param, "")
        if not cursor:
            return rows
        rank, _, place = cursor.partition(".")
        values = values_of(rows.model, names_of(ordering), place)
        if values is None or rank != ordering[0]:
            raise Refusal("bad-cursor", "This list gave out no such cursor. Begin with its first page.")
        return rows.filter(beyond(rows.model, names_of(ordering), values, "<"))

    def get_next_link(self) -> str | None:
        return self.ranked_url if self.is_ranked else super().get_next_link()

    def get_previous_link(self) -> str | None:
        return None if self.is_ranked else super().get_previous_link()

    def get_page_size(self, request: Request) -> int:
        """Raises Refusal for what is no number of rows."""
        told = request.query_params.get(self.page_size_query_param, "")
        if not told:
            return self.page_size
        if not told.isascii() or not told.isdigit() or not 1 <= int(told[:4]) <= self.max_page_size:
            raise Refusal("bad-limit", f"A page has 1 to {self.max_page_size} rows.", field="limit")
        return int(told)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        bounds = {"cursor": {"maxLength": MOST_CURSOR}, "limit": {"minimum": 1, "maximum": self.max_page_size}}
        for parameter in parameters:
            parameter["schema"].update(bounds[parameter["name"]])
        return parameters

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Where the page begins. Raises Refusal for a cursor that this list never gave out, whatever it names."""
        try:
            if len(request.query_params.get(self.cursor_query_param, "")) > MOST_CURSOR:
                raise ValueError("no cursor is so long")
            cursor = super().decode_cursor(request)
            if cursor is None:
                return None
            if cursor.position is None:
                if not cursor.offset:  # neither a row nor a number of rows: nothing that can be decoded
                    raise ValueError(request.query_params[self.cursor_query_param])
                return cursor
            field = self.model._meta.get_field(self.ordering[0].lstrip("-"))
            value = field.to_python(cursor.position)
            field.run_validators(value)
            # Cursors tell moments in UTC. Others may be out of range there, or in a zone that PostgreSQL refuses.
            if isinstance(value, datetime) and value.utcoffset() != timedelta(0):
                raise ValueError(cursor.position)
            field.get_db_prep_value(value, connection)
        except (NotFound, ValidationError, ValueError, OverflowError) as error:
            raise Refusal("bad-cursor", "This list gave out no such cursor. Begin with its first page.") from error
        return cursor


def names_of(ordering: Sequence[str]) -> list[str]:
    """The fields of an order whose values fall."""
    return [name.removeprefix("-") for name in ordering]
