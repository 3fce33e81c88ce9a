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

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Where the page begins. Raises Refusal for a cursor that this list never gave out, whatever it names."""
        try:
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
