"""The admin of releases: LoRAs that wait for everybody, and those that were quarantined. Only the verbs decide."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from gallery.admin.screen import DecisionsInline, ForModerators, ModerationScreen, State, StateFilter
from gallery.models import ManagedReason, Release, ReleaseDecision, ReleaseSample


class ReleaseDecisions(DecisionsInline):
    model = ReleaseDecision


@admin.register(Release)
class ReleaseAdmin(ModerationScreen):
    """A grid of LoRAs with their sample pictures."""

    card_template = "admin/gallery/release/card.html"
    heading = "LoRAs to be published"
    reasons_of = ManagedReason.Subject.RELEASE
    search_fields = ["title", "author__username", "lora__name"]
    list_filter = [StateFilter]
    inlines = [ReleaseDecisions]
    fields = ["title", "author", "licence", "trigger_words", "state", "flags", "submitted_at", "approved_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        rows = Release.objects.filter(lora__isnull=False).exclude(state=State.WITHDRAWN)
        samples = ReleaseSample.objects.filter(image__deleted_at=None).select_related("image")
        details = (Prefetch("samples", samples, to_attr="shown"), Prefetch("decisions", to_attr="history"))
        return rows.select_related("lora", "author").prefetch_related(*details)

    def file_of(self, request: HttpRequest, thing: Release) -> tuple[str, str]:
        """`?place=` says which sample; the first where it does not."""
        place = request.GET.get("place", "0")
        kept = thing.samples.filter(image__deleted_at=None)
        sample = kept.filter(place=int(place) if place.isdecimal() and len(place) < 4 else 0).first()
        return (sample.image.thumbnail, "image/webp") if sample else ("", "")


@admin.register(ReleaseDecision)
class ReleaseDecisionAdmin(ForModerators):
    list_display = ["at", "release", "verb", "who", "reason", "from_state", "to_state"]
    list_filter = ["verb"]
    search_fields = ["release__title", "who__username", "reason"]
    list_select_related = ["release", "who"]
