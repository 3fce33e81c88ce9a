"""How the API pages a list: by cursor, newest first, so that a page stays whole while rows arrive."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView


class NewestFirst(CursorPagination):
    """`?limit=` 1 to 100 rows a page. A view with another order says so in its `ordering` attribute."""

    page_size = 24
    max_page_size = 100
    page_size_query_param = "limit"
    ordering = "-id"

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> tuple[str, ...]:
        ordering = getattr(view, "ordering", self.ordering)
        return (ordering,) if isinstance(ordering, str) else tuple(ordering)
