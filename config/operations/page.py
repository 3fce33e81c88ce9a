"""The operator's page: the list of site states is one page, for those with the permission to see or change it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from accounts.recorded_admin import RecordedAdmin
from config.operations.reading import read
from generation.jobs.pausing import drain, save_state
from generation.models import GpuWorker, SiteState
from generation.models.operations import ONLY

PAGE = "admin:generation_sitestate_changelist"


class StateForm(forms.ModelForm[SiteState]):
    class Meta:
        model = SiteState
        fields = ["is_paused", "pause_reason", "notice", "notice_until"]
        widgets = {
            "is_paused": UnfoldBooleanSwitchWidget,
            "pause_reason": UnfoldAdminTextInputWidget,
            "notice": UnfoldAdminTextInputWidget,
            "notice_until": forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        }

    def clean_notice_until(self) -> Any:
        until = self.cleaned_data["notice_until"]
        if until is not None and until <= timezone.now() and "notice_until" in self.changed_data:
            raise forms.ValidationError("That is over already. The time is in UTC.")
        return until


@admin.register(SiteState)
class OperationsAdmin(RecordedAdmin):
    """Whoever may view it looks; whoever may change it pauses, announces and drains. Each change is in its history."""

    def get_urls(self) -> list[URLPattern]:
        def own(view: Any) -> Any:
            return self.admin_site.admin_view(require_POST(view))

        return [
            path("save/", own(self.save), name="operations_save"),
            path("drain/<int:key>/", own(self.drain), name="operations_drain"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        self.only_operators(request)
        return self.page(request, StateForm(instance=the_state()))

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.only_operators(request)
        return redirect(PAGE)

    def only_operators(self, request: HttpRequest) -> None:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied

    def page(self, request: HttpRequest, form: StateForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Operations",
            "form": form,
            "may_change": self.has_change_permission(request),
            "history_url": reverse("admin:generation_sitestate_history", args=[ONLY]),
            **read(),
        }
        return TemplateResponse(request, "admin/operations/page.html", context)

    def save(self, request: HttpRequest) -> HttpResponse:
        """Pause or go on, announce something or take it away."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        form = StateForm(request.POST, instance=the_state())
        if not form.is_valid():
            return self.page(request, form)
        if form.has_changed():
            save_state(form.instance)
            self.log_change(request, form.instance, told(form))
            messages.success(request, "Saved. Pages show it within some seconds.")
        return redirect(PAGE)

    def drain(self, request: HttpRequest, key: int) -> HttpResponse:
        """Have a worker take nothing more, or take work again."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        worker, is_draining = get_object_or_404(GpuWorker, pk=key), request.POST.get("drain") == "1"
        if drain(worker, is_draining):
            words = "Drained: it ends what it has and takes nothing more." if is_draining else "It takes work again."
            self.log_change(request, worker, words)
            messages.success(request, f"{worker.name} {'drains' if is_draining else 'takes work again'}.")
        return redirect(PAGE)


def the_state() -> SiteState:
    return SiteState.objects.filter(pk=ONLY).first() or SiteState(pk=ONLY)


def told(form: StateForm) -> str:
    """What was changed, as the history keeps it: with the words, since the row keeps only the last ones."""
    values = {name: form.cleaned_data[name] for name in form.changed_data}
    if "is_paused" in values:
        values["is_paused"] = "yes" if values["is_paused"] else "no"
    return "; ".join(f"{form.fields[name].label}: {value or '–'}" for name, value in values.items())
