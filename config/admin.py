"""The admin of people with what needs every app: deleting somebody. All else about people is `accounts.admin`'s.

The operator's page is `config.operations`'.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts.admin import UserAdmin
from accounts.models import User
from config.deletion import delete_person
from config.operations import page  # noqa: F401  registers it
from config.person_pages import PersonPages
from gallery.models import Post, Release

GOES = (
    "Name, address, password, connected logins, second factors, sessions, API tokens and rights; it cannot be undone",
    "Pictures, data sets, trainings and own LoRAs; what waits or is drawn is cancelled and its credits return",
    "Posts and releases: they are withdrawn from the gallery",
)
STAYS = (
    "The wallet and its ledger, decisions made as a moderator, visits of the staff, and which rules held by which "
    "words, under the name “deleted-…”: they stay true"
)
SWITCHED_OFF = (
    "Off: cannot sign in and has no page as an author. Posts stay in the gallery, marked as a closed account's, until "
    "a moderator takes them down; deleting the person withdraws them."
)

admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(PersonPages, UserAdmin):
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

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if obj.is_active:
            # Switched on again for somebody who closed it themselves: it is not deleted after all.
            obj.deletion_due_at = None
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            self.tell_what_stays(request, obj)

    def tell_what_stays(self, request: HttpRequest, user: User) -> None:
        """How much of somebody who was switched off is public or waits, and where to look at it."""
        works = ((Post.objects.of(user).shown(), "pictures", "post"), (Release.objects.of(user), "LoRAs", "release"))
        for rows, noun, model in works:
            for state, where in ((Post.State.APPROVED, "public"), (Post.State.PENDING, "waiting for a moderator")):
                if count := rows.filter(state=state).count():
                    url = reverse(f"admin:gallery_{model}_changelist", query={"state": state, "q": user.username})
                    text = f"{noun.capitalize()} of {user} that stay {where}: {count}."
                    link = format_html('{} <a href="{}">Look at them</a>', text, url)
                    self.message_user(request, link, messages.WARNING)

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "is_active":
            field.help_text = SWITCHED_OFF
        return field
