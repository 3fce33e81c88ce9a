"""The admin of posts: the moderators' screen, what was decided, what was reported. Only the verbs decide."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.ratings import Rating
from accounts.recorded_admin import RecordedAdmin
from accounts.refusals import NotFound, Refusal
from gallery.admin.screen import (
    MOST_COUNTED,
    STATES,
    DecisionsInline,
    ForModerators,
    ModerationScreen,
    State,
    StateFilter,
)
from gallery.models import BlockedPhrase, BlockedPicture, Decision, ManagedReason, Post, Report, Tag
from gallery.rating import rate


def open_reports() -> QuerySet[Report]:
    """Reports that no moderator has answered yet."""
    return Report.objects.filter(closed_at=None)


class PostDecisions(DecisionsInline):
    model = Decision


class PostStateFilter(StateFilter):
    """Posts may also be looked at because somebody complained."""

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [STATES[0], ("reported", "Reported"), *STATES[1:]]

    def queryset(self, request: HttpRequest, things: QuerySet[Post]) -> QuerySet[Post]:
        if self.value() == "reported":
            return things.filter(state=State.APPROVED, pk__in=open_reports().values("post"))
        return super().queryset(request, things)


@admin.register(Post)
class PostAdmin(ModerationScreen):
    """A grid of large pictures."""

    card_template = "admin/gallery/post/card.html"
    reasons_of = ManagedReason.Subject.POST
    search_fields = ["title", "author__username", "search_words"]
    list_filter = [PostStateFilter]
    inlines = [PostDecisions]
    fields = ["title", "author", "state", "rating", "flags", "submitted_at", "approved_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        rows: QuerySet[Post] = Post.objects.shown().exclude(state=State.WITHDRAWN).select_related("image", "author")
        details = (Prefetch("reports", open_reports(), to_attr="complaints"), Prefetch("decisions", to_attr="history"))
        return rows.prefetch_related("tags", *details)

    def counts(self, request: HttpRequest) -> dict[str, int]:
        return {"reported": 0, **super().counts(request)}

    def counted_rows(self, request: HttpRequest) -> dict[str, QuerySet[Any]]:
        reported = Post.objects.filter(state=State.APPROVED, pk__in=open_reports().values("post"))
        return {**super().counted_rows(request), "reported": reported.order_by()[:MOST_COUNTED]}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"ratings": Rating.choices, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        own = path("rate/", self.admin_site.admin_view(require_POST(self.rate)), name=self.address("rate"))
        return [own, *super().get_urls()]

    def rate(self, request: HttpRequest) -> HttpResponse:
        """Give one post another rating, by a plain form; then back to the list."""
        try:
            post = self.get_queryset(request).filter(code=request.POST.get("code", "")).first()
            if post is None:
                raise NotFound("not-found", "There is no such post any more.")
            rate(cast(User, request.user), post, request.POST.get("rating", ""))
            messages.success(request, f"“{post}” is rated {post.get_rating_display().lower()}.")
        except Refusal as refusal:
            messages.error(request, refusal.message)
        state = request.POST.get("state", "")
        query = {"state": state} if state in State.values else {}
        return redirect(reverse(f"admin:{self.address('changelist')}", query=query))

    def file_of(self, request: HttpRequest, thing: Post) -> tuple[str, str]:
        """The small picture; `?full` asks for the PNG."""
        if thing.image is None:
            return "", ""
        return (thing.image.file, "image/png") if "full" in request.GET else (thing.image.thumbnail, "image/webp")


@admin.register(Decision)
class DecisionAdmin(ForModerators):
    list_display = ["at", "post", "verb", "who", "reason", "from_state", "to_state"]
    list_filter = ["verb"]
    search_fields = ["post__title", "who__username", "reason"]
    list_select_related = ["post", "who"]


@admin.register(Report)
class ReportAdmin(ForModerators):
    list_display = ["at", "post", "reason", "words", "user", "closed_at"]
    list_filter = ["reason"]
    list_select_related = ["post", "user"]


@admin.register(BlockedPhrase)
class BlockedPhraseAdmin(RecordedAdmin):
    list_display = ["phrase", "effect", "note", "is_active"]
    list_filter = ["effect", "is_active"]
    search_fields = ["phrase"]


@admin.register(BlockedPicture)
class BlockedPictureAdmin(RecordedAdmin):
    list_display = ["__str__", "effect", "note", "is_active", "added_by", "added_at"]
    list_filter = ["effect", "is_active"]
    list_select_related = ["added_by"]
    search_fields = ["note", "pdq"]
    fields = ["pdq", "effect", "note", "is_active"]

    def save_model(self, request: HttpRequest, obj: BlockedPicture, form: Any, change: bool) -> None:
        obj.added_by = obj.added_by or cast(User, request.user)
        super().save_model(request, obj, form, change)


@admin.register(ManagedReason)
class ManagedReasonAdmin(RecordedAdmin):
    """Sentences that moderators choose from; decisions keep their own copies."""

    list_display = ["sentence", "subject", "ground", "place", "is_active"]
    list_filter = ["subject", "is_active"]
    search_fields = ["sentence", "ground"]


@admin.register(Tag)
class TagAdmin(RecordedAdmin):
    list_display = ["name"]
    search_fields = ["name"]
