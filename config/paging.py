"""How the API pages a list: by cursor, newest first, so that a page stays whole while rows arrive."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.refusals import Refusal

MOST_CURSOR = 1000


class NewestFirst(CursorPagination):
    """`?limit=` 1 to 100 rows a page. A view with another order says so in its `ordering` attribute."""

    page_size = 24
    max_page_size = 100
    page_size_query_param = "limit"
    ordering = "-id"

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> tuple[str, ...]:
        self.model = queryset.model
        ordering = getattr(view, "ordering", self.ordering)
        return (ordering,) if isinstance(ordering, str) else tuple(ordering)

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
