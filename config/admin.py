"""The admin of people with what needs every app: deleting somebody. All else about people is `accounts.admin`'s."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Field, QuerySet
from django.http import HttpRequest

from accounts.admin import UserAdmin
from accounts.models import User
from config.deletion import delete_person

GOES = (
    "Name, address, password, second factors, sessions, API tokens and rights; it cannot be undone",
    "Pictures, data sets and own LoRAs; what waits or is drawn is cancelled and its credits return",
    "Posts and releases: they are withdrawn from the gallery",
)
STAYS = "The wallet and its ledger, and decisions made as a moderator, under the name “deleted-…”: they stay true"
SWITCHED_OFF = (
    "Off: cannot sign in, and is no longer shown as an author. Posts stay in the gallery until a moderator takes them "
    "down; deleting the person withdraws them."
)

admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Deleting goes through the verb. Nobody deletes the account that they are signed in with."""

    def get_deleted_objects(
        self, objs: Iterable[User], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        people = list(objs)
        own = ["The account that you are signed in with"] if request.user in people else []
        summary = [[user.username, [*GOES, f"Stays: {STAYS}"]] for user in people]
        return [item for pair in summary for item in pair], {"people": len(people)}, set(), own

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        delete_person(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            delete_person(user)

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "is_active":
            field.help_text = SWITCHED_OFF
        return field
