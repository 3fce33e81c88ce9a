"""How the API pages posts by their rank: by cursors of two fields, since many posts have the same points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from accounts.refusals import Refusal
from config.paging import NewestFirst
from gallery.search import Found
from generation.web.paging import beyond, cursor_of, values_of


class ByRank(NewestFirst):
    """Pages forwards. Ranks move while somebody reads, so that there is no page before one to go back to."""

    next_url: str | None = None

    def paginate_queryset(  # type: ignore[override]
        self, posts: Found, request: Request, view: APIView | None = None
    ) -> Sequence[Any]:
        """The rows of the page that `?cursor=` names. Raises Refusal for a cursor that this list never gave out."""
        assert view is not None
        ordering, size = self.get_ordering(request, posts.rows, view), self.get_page_size(request)
        order = [name.lstrip("-") for name in ordering]
        if cursor := request.query_params.get(self.cursor_query_param, ""):
            rank, _, place = cursor.partition(".")
            values = values_of(posts.model, order, place)
            if values is None or rank != order[0]:
                raise Refusal("bad-cursor", "This list gave out no such cursor. Begin with its first page.")
            posts = posts.filter(beyond(posts.model, order, values, "<"))
        rows = posts.order_by(*ordering)[: size + 1]
        if len(rows) > size:
            # With the name of the rank, since a place in one means nothing in another.
            cursor = f"{order[0]}.{cursor_of(rows[size - 1], order)}"
            self.next_url = replace_query_param(request.build_absolute_uri(), self.cursor_query_param, cursor)
        return rows[:size]

    def get_next_link(self) -> str | None:
        return self.next_url

    def get_previous_link(self) -> None:
        return None
