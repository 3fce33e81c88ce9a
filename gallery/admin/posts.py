"""The admin of the gallery: the moderators' screen, what was decided, what was reported. Only the verbs decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import Count, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import ModelAdmin, TabularInline

from accounts.models import User
from accounts.refusals import NotFound, Refusal
from gallery import moderation
from gallery.models import BlockedPhrase, Decision, Post, Report, Tag
from gallery.transitions import MOVES
from gallery.views.files import stored

State = Post.State
VERBS: dict[str, Callable[[User, Post, str], Decision]] = {
    "approve": moderation.approve,
    "reject": moderation.reject,
    "keep": moderation.keep,
    "take_down": moderation.take_down,
}
REASONS = (
    "This gallery does not show sexual content.",
    "It shows a real person without their consent.",
    "It copies somebody else's work.",
    "The picture was not drawn well enough; try more steps or another seed.",
)


def open_reports() -> QuerySet[Report]:
    """Reports that no moderator has answered yet."""
    return Report.objects.filter(closed_at=None)


class ForModerators(ModelAdmin):
    """Moderators look, whatever permissions their group has; nobody writes rows by hand."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return moderation.is_moderator(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return moderation.is_moderator(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DecisionInline(TabularInline):
    """What was decided about one post, newest first."""

    model = Decision
    extra = 0
    fields = ["at", "who", "verb", "reason", "from_state", "to_state"]
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return moderation.is_moderator(request.user)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class StateFilter(admin.SimpleListFilter):
    """The tabs of the screen. What its author withdrew is nobody's business any more."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        labels = {"pending": "Waiting", "reported": "Reported", "approved": "Public"}
        return [*labels.items(), ("rejected", "Not accepted"), ("taken_down", "Taken down")]

    def queryset(self, request: HttpRequest, posts: QuerySet[Post]) -> QuerySet[Post]:
        wanted = self.value() or "pending"
        if wanted == "reported":
            return posts.filter(state=State.APPROVED, pk__in=open_reports().values("post"))
        return posts.filter(state=wanted) if wanted in State.values else posts.none()


@admin.register(Post)
class PostAdmin(ForModerators):
    """A grid of large pictures with approve and reject under the hand."""

    search_fields = ["title", "author__username", "search_words"]
    list_filter = [StateFilter]
    list_per_page = 24
    list_fullwidth = True
    show_full_result_count = False
    inlines = [DecisionInline]
    fields = ["title", "author", "state", "flags", "submitted_at", "approved_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        rows: QuerySet[Post] = Post.objects.shown().exclude(state=State.WITHDRAWN).select_related("image", "author")
        told = (Prefetch("reports", open_reports(), to_attr="complaints"), Prefetch("decisions", to_attr="history"))
        return rows.prefetch_related("tags", *told)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Whoever waits longest comes first; everything else is read from its newest end."""
        return ("submitted_at", "id") if request.GET.get("state", "pending") == "pending" else ("-submitted_at", "-id")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        counts = dict(self.get_queryset(request).order_by().values_list("state").annotate(Count("pk")))
        counts["reported"] = open_reports().filter(post__state=State.APPROVED).values("post").distinct().count()
        context = {"title": "Moderation", "counts": counts, "reasons": REASONS, "moves": verbs_by_state()}
        response: HttpResponse = super().changelist_view(request, {**context, **(extra_context or {})})
        return response

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("decide/", self.admin_site.admin_view(require_POST(self.decide)), name="gallery_post_decide"),
            path(
                "<path:object_id>/picture/",
                self.admin_site.admin_view(require_GET(self.picture)),
                name="gallery_post_picture",
            ),
        ]
        return [*own, *super().get_urls()]

    def decide(self, request: HttpRequest) -> HttpResponse:
        """One verb on one post; a script is told in JSON, a plain form is led back to where it stood."""
        code, verb = request.POST.get("code", ""), request.POST.get("verb", "")
        status = 200
        try:
            decision = decided(request, code, verb)
            said = {"code": code, "detail": f"{decision.get_verb_display()}: “{decision.post.title}”."}
        except Refusal as refusal:
            status, said = refusal.status, {"code": refusal.code, "detail": refusal.message, "field": refusal.field}
        if request.headers.get("X-Requested-With") == "fetch":
            return JsonResponse(said, status=status)
        messages.add_message(request, messages.SUCCESS if status == 200 else messages.ERROR, said["detail"])
        return redirect(self.way_back(request))

    def way_back(self, request: HttpRequest) -> str:
        back = request.POST.get("back", "")
        safe = url_has_allowed_host_and_scheme(back, None) and back.startswith("/admin/")
        return back if safe else reverse("admin:gallery_post_changelist")

    def picture(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The picture of a post in any state but withdrawn, for moderators' eyes; `?full` gives the PNG."""
        post = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if post is None or post.image is None:
            raise Http404("There is no such picture.")
        full = "full" in request.GET
        name, kind = (post.image.file, "image/png") if full else (post.image.thumbnail, "image/webp")
        response = stored(name, kind, f"post-{post.code}.{kind[6:]}")
        patch_cache_control(response, private=True, max_age=600)
        return response


def decided(request: HttpRequest, code: str, verb: str) -> Decision:
    """Do what a moderator asks. Raises Refusal."""
    post: Post | None = Post.objects.shown().filter(code=code).select_related("image").first()
    if post is None or verb not in VERBS:
        raise NotFound("not-found", "There is no such post any more.")
    return VERBS[verb](cast(User, request.user), post, request.POST.get("reason", ""))


def verbs_by_state() -> dict[str, list[str]]:
    """What can be asked for in each state, from the table of moves."""
    return {state: [verb for verb in VERBS if state in MOVES[Decision.Verb(verb)].sources] for state in State.values}


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
class BlockedPhraseAdmin(ModelAdmin):
    list_display = ["phrase", "effect", "note", "is_active"]
    list_filter = ["effect", "is_active"]
    search_fields = ["phrase"]


@admin.register(Tag)
class TagAdmin(ModelAdmin):
    list_display = ["name"]
    search_fields = ["name"]
