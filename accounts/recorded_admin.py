"""What every page of the admin is made of: what staff add, change or delete there is an event of the security log."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from accounts.models import User
from accounts.security_events import record


class RecordedAdmin(ModelAdmin):
    """Besides Django's own record, which may be changed and names things as they were called."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        record("admin-added", who=request.user, whom=_person(obj), **_place(obj))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        record("admin-changed", who=request.user, whom=_person(obj), **_place(obj), changed=_fields(message))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            record("admin-deleted", who=request.user, whom=_person(obj), **_place(obj))
        return super().log_deletions(request, queryset)


class ReadOnlyAdmin(RecordedAdmin):
    """Rows that are written by verbs alone."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _person(obj: Model) -> User | None:
    return obj if isinstance(obj, User) else None


def _place(obj: Model) -> dict[str, str]:
    return {"table": obj._meta.label_lower, "row": str(obj.pk)}


def _fields(message: Any) -> list[str]:
    """The labels of the fields that were changed, of the row itself and of rows below it; else the words for it."""
    parts = message if isinstance(message, list) else []
    names = (name for part in parts for how in part.values() for name in how.get("fields", ()))
    if found := [str(name) for name in names]:
        return found
    if "assword" in str(message):
        return ["password"]
    return [message] if message and isinstance(message, str) else []
