"""The admin of LoRAs: what people brought, and letting back what was quarantined. Releases are the gallery's."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from generation.catalog.loras.quarantine import lift, quarantine
from generation.models import Lora


class QuarantinedFilter(admin.SimpleListFilter):
    title = "quarantined"
    parameter_name = "quarantined"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("1", "Quarantined"), ("0", "In use")]

    def queryset(self, request: HttpRequest, loras: QuerySet[Lora]) -> QuerySet[Lora]:
        if self.value() not in ("0", "1"):
            return loras
        return loras.filter(quarantined_at__isnull=self.value() == "0")


@admin.register(Lora)
class LoraAdmin(ModelAdmin):
    """Rows are made by verbs; here they are looked at, quarantined and let back."""

    list_display = ["title", "name", "owner", "family", "is_public", "is_enabled", "quarantined_at", "created_at"]
    list_filter = [QuarantinedFilter, "is_public", "family"]
    search_fields = ["title", "name", "owner__username", "sha256"]
    list_select_related = ["owner"]
    fields = [
        "title", "name", "owner", "family", "rank", "licence", "trigger_words", "description", "sha256", "path",
        "is_public", "is_enabled", "quarantined_at", "quarantine_reason", "downloads",
    ]  # fmt: skip
    actions = ["let_back", "set_apart"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Lora | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Lora | None = None) -> list[str]:
        return list(self.fields)

    @admin.action(description="Let back what was quarantined", permissions=["change"])
    def let_back(self, request: HttpRequest, loras: QuerySet[Lora]) -> None:
        count = sum(lift(lora) for lora in loras)
        self.message_user(request, f"{count} let back.", messages.SUCCESS)

    @admin.action(description="Quarantine", permissions=["change"])
    def set_apart(self, request: HttpRequest, loras: QuerySet[Lora]) -> None:
        hashes = list(loras.exclude(owner=None).values_list("sha256", flat=True))
        quarantine(hashes, "An administrator set this LoRA aside.")
        self.message_user(request, f"{len(hashes)} quarantined; files of the site itself stay.", messages.SUCCESS)
