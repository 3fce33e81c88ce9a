"""The admin of weight files, wildcard lists, links and other programs' names: what the site offers, and to whom.

Rows come from files, by an import or a person's upload, and stay for old recipes: here none is added or deleted.
Releases are the gallery's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from accounts.recorded_admin import RecordedAdmin
from accounts.refusals import Refusal
from generation.catalog.defaults import check_recommended, make_default
from generation.catalog.loras.quarantine import lift, quarantine
from generation.catalog.wildcards import check_lines, check_name
from generation.jobs.sharing import end_link
from generation.models import (
    Annotator,
    Checkpoint,
    ControlNet,
    Embedding,
    Lora,
    ModelAlias,
    NamedPerson,
    ShareLink,
    Upscaler,
    Vae,
    Wildcard,
)
from generation.recipes.checks import InvalidRecipe
from generation.recipes.sampling import SAMPLERS

FACTS = ["name", "family", "path", "sha256", "size_bytes", "created_at"]
"""What the file itself says; nobody types it."""


class WeightForm(forms.ModelForm[Any]):
    class Meta:
        help_texts = {
            "is_public": "On: everybody may pick it. Off: its owner alone, or nobody where it has none.",
            "owner": "May pick it also where it is not for everybody. Empty: it is the site's.",
        }


class WeightAdmin(RecordedAdmin):
    """What the site's own weight files have in common."""

    form = WeightForm
    list_display = ["title", "name", "family", "owner", "is_public", "is_enabled", "created_at"]
    list_filter = ["family", "is_public", "is_enabled"]
    search_fields = ["title", "name", "path", "sha256"]
    list_select_related = ["owner"]
    autocomplete_fields = ["owner"]
    readonly_fields = FACTS
    fields = ["title", "description", "licence", "is_enabled", "is_public", "owner", *FACTS]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Vae)
class VaeAdmin(WeightAdmin):
    pass


@admin.register(ControlNet)
class ControlNetAdmin(WeightAdmin):
    pass


@admin.register(Annotator)
class AnnotatorAdmin(WeightAdmin):
    list_display = ["title", "name", "task", "owner", "is_public", "is_enabled", "created_at"]
    list_filter = ["task", "is_public", "is_enabled"]
    readonly_fields = [*FACTS, "task"]
    fields = [*WeightAdmin.fields, "task"]


@admin.register(Upscaler)
class UpscalerAdmin(WeightAdmin):
    readonly_fields = [*FACTS, "scale"]
    fields = [*WeightAdmin.fields, "scale"]


@admin.register(Embedding)
class EmbeddingAdmin(WeightAdmin):
    readonly_fields = [*FACTS, "tokens"]
    fields = [*WeightAdmin.fields, "tokens"]


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data) != (initial or []))


class CheckpointForm(WeightForm):
    default_sampler = forms.ChoiceField(choices=[(name, name) for name in SAMPLERS], widget=UnfoldAdminSelectWidget)
    example_prompts = LinesField(required=False, help_text="One a line; the empty Create page offers them.")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            check_recommended(data)
        except InvalidRecipe as refusal:
            self.add_error(refusal.field, refusal.message)
        for field in ("is_enabled", "is_public"):
            if self.instance.is_default and not data[field]:
                self.add_error(field, "This is the default checkpoint. Make another one the default first.")
        return data


@admin.register(Checkpoint)
class CheckpointAdmin(WeightAdmin):
    """Exactly one is the default: another is chosen by the action, and the default cannot be switched off."""

    form = CheckpointForm
    list_display = ["title", "name", "family", "is_default", "owner", "is_public", "is_enabled", "created_at"]
    readonly_fields = [*FACTS, "is_default", "layout", "chunk_tokens"]
    fields = [
        "title", "description", "licence", "is_default", "is_enabled", "is_public", "owner", "native_width",
        "native_height", "default_steps", "default_cfg_scale", "default_sampler", "example_prompts",
        *FACTS, "layout", "chunk_tokens",
    ]  # fmt: skip
    actions = ["choose_default"]

    @admin.action(description="Make it the default checkpoint", permissions=["change"])
    def choose_default(self, request: HttpRequest, checkpoints: QuerySet[Checkpoint]) -> None:
        chosen = list(checkpoints[:2])
        if len(chosen) != 1:
            self.message_user(request, "Choose one checkpoint: there is one default.", messages.ERROR)
            return
        try:
            make_default(chosen[0])
        except Refusal as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.message_user(request, f"“{chosen[0]}” is the default checkpoint now.", messages.SUCCESS)


class WildcardForm(forms.ModelForm[Any]):
    def clean_name(self) -> str:
        return self._checked(check_name, "name")

    def clean_lines(self) -> str:
        return self._checked(check_lines, "lines")

    def _checked(self, check: Callable[[str], str], field: str) -> str:
        try:
            return check(self.cleaned_data[field])
        except Refusal as refusal:
            raise forms.ValidationError(refusal.message, refusal.code) from refusal


@admin.register(Wildcard)
class WildcardAdmin(RecordedAdmin):
    """The site's lists: `__name__` in anybody's prompt draws one of the lines. One with an owner is theirs alone."""

    form = WildcardForm
    fields = ["name", "lines", "is_enabled", "owner"]
    autocomplete_fields = ["owner"]
    list_select_related = ["owner"]
    list_display = ["name", "owner", "line_count", "is_enabled"]
    list_filter = ["is_enabled"]
    search_fields = ["name", "lines"]

    @admin.display(description="Lines")
    def line_count(self, wildcard: Wildcard) -> int:
        return len(wildcard.choices)


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
class LoraAdmin(RecordedAdmin):
    """Rows are made by verbs; here they are looked at, quarantined and let back."""

    list_display = ["title", "name", "owner", "family", "is_public", "is_enabled", "quarantined_at", "created_at"]
    list_filter = [QuarantinedFilter, "is_public", "family"]
    search_fields = ["title", "name", "owner__username", "sha256"]
    list_select_related = ["owner"]
    fields = [
        "title", "name", "owner", "family", "rank", "licence", "trigger_words", "description", "sha256", "path",
        "is_public", "is_enabled", "quarantined_at", "quarantine_reason", "let_back_at",
        "downloads",
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


@admin.register(ShareLink)
class ShareLinkAdmin(RecordedAdmin):
    """Links to people's own pictures: found by the first part of their address, and ended for good."""

    list_display = ["code", "owner", "image", "album", "with_recipe", "created_at", "expires_at", "revoked_at"]
    search_fields = ["code", "owner__username"]
    list_select_related = ["owner", "image", "album"]
    fields = ["code", "owner", "image", "album", "with_recipe", "created_at", "expires_at", "revoked_at"]
    readonly_fields = fields
    actions = ["end"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ShareLink | None = None) -> bool:
        return False

    @admin.action(description="End these links", permissions=["change"])
    def end(self, request: HttpRequest, links: QuerySet[ShareLink]) -> None:
        open_links = list(links.filter(revoked_at=None).select_related("owner"))
        for link in open_links:
            end_link(link.owner, link.code)
        self.message_user(request, f"{len(open_links)} ended.", messages.SUCCESS)


@admin.register(ModelAlias)
class ModelAliasAdmin(RecordedAdmin):
    """What clients may call a checkpoint that send no other name; OpenAI's stand for the default one at first."""

    list_display = ["name", "checkpoint"]
    list_select_related = ["checkpoint"]
    search_fields = ["name", "checkpoint__title"]
    autocomplete_fields = ["checkpoint"]
    fields = ["name", "checkpoint"]


@admin.register(NamedPerson)
class NamedPersonAdmin(RecordedAdmin):
    """Whom programs that speak for people mean. Deleted, a name is matched anew when it comes again."""

    list_display = ["subject", "person", "speaker", "created_at"]
    search_fields = ["subject", "person__username", "speaker__username"]
    list_select_related = ["person", "speaker"]
    fields = ["subject", "person", "speaker", "created_at"]
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
