"""The admin of the rules about prompts: lists, rules, a box to try them, their versions, and what they did."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.admin import TabularInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.models import User
from accounts.recorded_admin import ReadOnlyAdmin, RecordedAdmin
from gallery.admin.screen import ForModerators
from generation.catalog.safeguards.screening import FIELD_TITLES, Screened, breaches_of
from generation.catalog.safeguards.versions import lines_of, publish
from generation.models import PhraseList, PromptRule, RulePart, RuleVersion, SafeguardRecord
from generation.prompting.phrases.matching import BadPhrase, read_phrase

MOST_PHRASES = 5000
TRIED_CHARS = 5000


class PhraseListForm(forms.ModelForm[PhraseList]):
    def clean_phrases(self) -> str:
        return self._checked("phrases")

    def clean_exceptions(self) -> str:
        return self._checked("exceptions")

    def _checked(self, field: str) -> str:
        lines = lines_of(self.cleaned_data[field])
        if len(lines) > MOST_PHRASES:
            raise forms.ValidationError(f"A list has at most {MOST_PHRASES} phrases; this one has {len(lines)}.")
        for line in lines:
            try:
                read_phrase(line)
            except BadPhrase as fault:
                raise forms.ValidationError(str(fault), "bad-phrase") from fault
        return "\n".join(lines)


class Published(RecordedAdmin):
    """Every change is a new version of the rules that it concerns, which runs at once."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        publish(cast(User, request.user))


@admin.register(PhraseList)
class PhraseListAdmin(Published):
    form = PhraseListForm
    list_display = ["title", "name", "phrase_count", "source"]
    search_fields = ["title", "phrases"]
    fields = ["title", "name", "phrases", "exceptions", "source"]

    @admin.display(description="Phrases")
    def phrase_count(self, row: PhraseList) -> int:
        return len(lines_of(row.phrases))


class PartsInline(TabularInline):
    model = RulePart
    extra = 0
    fields = ["phrases", "place"]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Its label stands in the head of the column, where no screen reader finds it."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs["aria-label"] = str(field.label)
        return field


class TryForm(forms.Form):
    prompt = forms.CharField(
        required=False, max_length=TRIED_CHARS, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )
    negative_prompt = forms.CharField(
        required=False, max_length=TRIED_CHARS, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )


@admin.register(PromptRule)
class PromptRuleAdmin(Published):
    """A rule holds where a phrase of each of its lists is met; one without a list never does."""

    list_display = ["title", "effect", "lists", "version", "is_enabled"]
    list_filter = ["effect", "is_enabled"]
    list_select_related = ["version"]
    fields = ["title", "name", "effect", "sentence", "is_enabled"]
    inlines = [PartsInline]
    actions_list = ["try_it"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromptRule]:
        rows: QuerySet[PromptRule] = super().get_queryset(request)
        return rows.prefetch_related("parts__phrases")

    @admin.display(description="Holds where it says")
    def lists(self, rule: PromptRule) -> str:
        return " and ".join(str(part) for part in rule.parts.all())

    @action(description="Try a prompt", url_path="try", permissions=["view"])
    def try_it(self, request: HttpRequest) -> HttpResponse:
        """What the rules that run now say of a prompt. Nothing is made and nothing recorded."""
        form = TryForm(request.POST or None)
        found = None
        if request.method == "POST" and form.is_valid():
            found = breaches_of(Screened(form.cleaned_data["prompt"], form.cleaned_data["negative_prompt"]))
        context = {
            **self.admin_site.each_context(request),
            "title": "Try a prompt",
            "opts": self.opts,
            "form": form,
            "found": found,
            "field_titles": FIELD_TITLES,
        }
        return TemplateResponse(request, "admin/gallery/safeguards/try.html", context)


@admin.register(RuleVersion)
class RuleVersionAdmin(ReadOnlyAdmin):
    list_display = ["rule", "number", "at", "by"]
    list_filter = ["rule"]
    list_select_related = ["by"]


@admin.register(SafeguardRecord)
class SafeguardRecordAdmin(ForModerators):
    """What was refused, noted, withheld or veiled, newest first."""

    list_display = ["at", "effect", "user", "version", "field", "told_words", "score", "job"]
    list_filter = ["effect", "version__rule"]
    search_fields = ["user__username", "text", "job"]
    list_select_related = ["user", "version"]
    show_full_result_count = False

    @admin.display(description="Words")
    def told_words(self, row: SafeguardRecord) -> str:
        return ", ".join(row.words)
