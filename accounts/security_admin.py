"""The security log in the admin: read, filtered, and taken along as CSV or as JSON, one object a line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.urls import URLPattern, path, reverse

from accounts.models import SecurityEvent, User
from accounts.recorded_admin import ReadOnlyAdmin
from accounts.security_events import ROWS_AT_ONCE, record

COLUMNS = ("at", "kind", "who", "who_name", "whom", "whom_name", "address", "request_id", "details")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")
"""What a spreadsheet takes for a formula at the beginning of a cell."""


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin):
    list_display = ["when", "kind", "who", "whom", "address", "told"]
    list_filter = [("at", admin.DateFieldListFilter), ("kind", admin.AllValuesFieldListFilter)]
    list_select_related = ["who", "whom"]
    search_fields = ["kind", "address", "request_id", "who__username", "whom__username"]
    search_help_text = "A kind, an address, the code of a request, or who did it or to whom"
    fields = ["at", "kind", "who", "whom", "address", "details", "request_id"]
    show_full_result_count = False
    change_list_template = "admin/accounts/securityevent/change_list.html"

    @admin.display(description="At (UTC)", ordering="at")
    def when(self, event: SecurityEvent) -> str:
        return f"{event.at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Details")
    def told(self, event: SecurityEvent) -> str:
        return "; ".join(f"{name}: {_words(value)}" for name, value in event.details.items())

    def get_urls(self) -> list[URLPattern]:
        own = path("export/<slug:form>/", self.admin_site.admin_view(self.export), name="security-log-export")
        return [own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        links = {form: reverse("admin:security-log-export", args=[form]) for form in WRITERS}
        return super().changelist_view(request, {**(extra_context or {}), "exports": links})

    def export(self, request: HttpRequest, form: str) -> StreamingHttpResponse:
        """All that the list shows under the same filters, newest first. That it was taken is an event too."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if form not in WRITERS:
            raise Http404("The log comes as csv or jsonl.")
        events = self.get_changelist_instance(request).get_queryset(request)
        record("log-exported", who=request.user, form=form, filters=sorted(request.GET))
        kind, write = WRITERS[form]
        response = StreamingHttpResponse(_pieces(events.order_by("-pk"), write), content_type=kind)
        response["Content-Disposition"] = f'attachment; filename="security-log.{form}"'
        response["Cache-Control"] = "private, no-store"
        return response


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


async def _pieces(events: Any, write: Callable[[list[dict[str, Any]], bool], str]) -> AsyncIterator[str]:
    """Page by page below the last row, so that neither a long transaction nor all rows are held."""
    last: int | None = None
    while last is None or last > 0:
        below = events if last is None else events.filter(pk__lt=last)
        page = [event async for event in below[:ROWS_AT_ONCE]]
        yield write([_row(event) for event in page], last is None)
        last = page[-1].pk if len(page) == ROWS_AT_ONCE else 0


def _row(event: SecurityEvent) -> dict[str, Any]:
    return {
        "at": event.at.isoformat(),
        "kind": event.kind,
        **_person("who", event.who),
        **_person("whom", event.whom),
        "address": event.address,
        "request_id": event.request_id,
        "details": event.details,
    }


def _person(role: str, user: User | None) -> dict[str, str]:
    return {role: user.code if user else "", f"{role}_name": user.username if user else ""}


def as_csv(rows: list[dict[str, Any]], is_first: bool) -> str:
    """RFC 4180; a cell that a spreadsheet would compute has an apostrophe before it."""
    text = io.StringIO()
    writer = csv.writer(text)
    if is_first:
        writer.writerow(COLUMNS)
    for row in rows:
        cells = [json.dumps(row[name]) if name == "details" else row[name] for name in COLUMNS]
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells])
    return text.getvalue()


def as_json_lines(rows: list[dict[str, Any]], is_first: bool) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


WRITERS = {"csv": ("text/csv; charset=utf-8", as_csv), "jsonl": ("application/x-ndjson", as_json_lines)}
