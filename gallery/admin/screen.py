"""The moderators' screen: a grid of what waits, with approve and reject under the hand. Of posts and releases alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import TabularInline

from accounts.models import User
from accounts.recorded_admin import RecordedAdmin
from accounts.refusals import NotFound, Refusal
from gallery import moderation
from gallery.models import Decision, Moderated, reasons_for
from gallery.transitions import MOVES
from generation.models.counts import counts_of
from generation.storage.downloads import FOR_NOBODY, inline

State = Moderated.State
VERBS: dict[str, Callable[[User, Any, str], Any]] = {
    "approve": moderation.approve,
    "reject": moderation.reject,
    "keep": moderation.keep,
    "take_down": moderation.take_down,
}
UNDO = "undo"
"""Beside them: what the screen offers for a moment after each."""
STATES = [
    ("pending", "Waiting"),
    ("hidden", "Hidden"),
    ("approved", "Public"),
    ("rejected", "Not accepted"),
    ("taken_down", "Taken down"),
]


MOST_COUNTED = 1000
"""Things of one state that are counted and can be leafed through: the newest of them, or what waits longest."""


def moderates(request: HttpRequest) -> bool:
    """Whether a moderator asks; looked up once, though the admin wants to know it of each model in its menu."""
    if not hasattr(request, "moderates"):
        request.moderates = moderation.is_moderator(request.user)  # type: ignore[attr-defined]
    return bool(request.moderates)  # type: ignore[attr-defined]


class LookedAt:
    """Moderators look, whatever permissions their group has; nobody writes rows by hand."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return moderates(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return moderates(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class BoundedPaginator(Paginator[Any]):
    """Of rows that may be a million: no more than `most` of them are counted."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        return int(self.object_list[: self.most].count())  # type: ignore[attr-defined]


class ScreenPaginator(BoundedPaginator):
    most = MOST_COUNTED


class ForModerators(LookedAt, RecordedAdmin):
    """A list of rows for moderators' eyes."""

    paginator = BoundedPaginator
    show_full_result_count = False


class DecisionsInline(LookedAt, TabularInline):
    """What was decided about one thing, newest first."""

    extra = 0
    fields = ["at", "who", "verb", "reason", "from_state", "to_state"]
    readonly_fields = fields


class StateFilter(admin.SimpleListFilter):
    """The tabs of the screen. What its author withdrew is nobody's business any more."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return STATES

    def queryset(self, request: HttpRequest, things: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value() or "pending"
        return things.filter(state=wanted) if wanted in State.values else things.none()


class ModerationScreen(ForModerators):
    """Whoever registers it says the card of one thing, its rows, and where a thing's picture is stored."""

    change_list_template = "admin/gallery/moderation/change_list.html"
    card_template = ""
    heading = "Moderation"
    reasons_of = ""
    list_per_page = 24
    list_fullwidth = True
    paginator = ScreenPaginator

    def file_of(self, request: HttpRequest, thing: Any) -> tuple[str, str]:
        """Storage name and content type of the picture that is asked for; an empty name where there is none."""
        raise NotImplementedError

    def counts(self, request: HttpRequest) -> dict[str, int]:
        """How many of each state there are, as far as MOST_COUNTED; none where there is none. One query."""
        counts = counts_of(self.counted_rows(request))
        return {state: count for state, count in counts.items() if count}

    def counted_rows(self, request: HttpRequest) -> dict[str, QuerySet[Any]]:
        rows = self.get_queryset(request).prefetch_related(None).order_by()
        return {state: rows.filter(state=state)[:MOST_COUNTED] for state, _ in STATES}

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Whoever waits longest comes first; everything else is read from its newest end."""
        return ("submitted_at", "id") if request.GET.get("state", "pending") == "pending" else ("-submitted_at", "-id")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        moves = {
            state: [verb for verb in VERBS if state in MOVES[Decision.Verb(verb)].sources] for state in State.values
        }
        context = {
            "title": self.heading,
            "counts": self.counts(request),
            "reasons": reasons_for(self.reasons_of),
            "moves": moves,
            "card_template": self.card_template,
            "decide_url": reverse(f"admin:{self.address('decide')}"),
        }
        response: HttpResponse = super().changelist_view(request, {**context, **(extra_context or {})})
        return response

    def address(self, what: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{what}"

    def get_urls(self) -> list[URLPattern]:
        decide = self.admin_site.admin_view(require_POST(self.decide))
        picture = self.admin_site.admin_view(require_GET(self.picture))
        own = [
            path("decide/", decide, name=self.address("decide")),
            path("<path:object_id>/picture/", picture, name=self.address("picture")),
        ]
        return [*own, *super().get_urls()]

    def decide(self, request: HttpRequest) -> HttpResponse:
        """One verb on one thing; a script is told in JSON, a plain form is led back to where it stood."""
        code, verb = request.POST.get("code", ""), request.POST.get("verb", "")
        status = 200
        try:
            thing, decision = self.decided(request, code, verb)
            detail = f"{decision.get_verb_display()}: “{thing}”."
            data: dict[str, Any] = {"code": code, "detail": detail, "counts": self.counts(request)}
        except Refusal as refusal:
            status, data = refusal.status, {"code": refusal.code, "detail": refusal.message, "field": refusal.field}
        if request.headers.get("X-Requested-With") == "fetch":
            return JsonResponse(data, status=status)
        messages.add_message(request, messages.SUCCESS if status == 200 else messages.ERROR, data["detail"])
        back = request.POST.get("back", "")
        safe = url_has_allowed_host_and_scheme(back, None) and back.startswith("/admin/")
        return redirect(back if safe else reverse(f"admin:{self.address('changelist')}"))

    def decided(self, request: HttpRequest, code: str, verb: str) -> tuple[Any, Any]:
        """Do what a moderator asks. Raises Refusal."""
        thing = self.get_queryset(request).filter(code=code).first()
        if thing is None or verb not in (*VERBS, UNDO):
            raise NotFound("not-found", f"There is no such {self.opts.verbose_name} any more.")
        moderator = cast(User, request.user)
        if verb == UNDO:
            return thing, moderation.undo(moderator, thing)
        return thing, VERBS[verb](moderator, thing, request.POST.get("reason", ""))

    def picture(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A picture of a thing in any state but withdrawn, for moderators' eyes."""
        thing = self.get_object(request, object_id) if self.has_view_permission(request) else None
        name, kind = self.file_of(request, thing) if thing is not None else ("", "")
        if thing is None or not name:
            raise Http404("There is no such picture.")
        filename = f"{self.opts.model_name}-{thing.code}.{kind[6:]}"
        return inline(request, name, kind, FOR_NOBODY, filename=filename)
