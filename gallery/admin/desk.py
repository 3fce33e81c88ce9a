"""The moderators' desk: one queue of all that waits, a page for each case, and many decided at once."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.refusals import Refusal, counted
from gallery.admin.screen import ForModerators, moderates
from gallery.appeals import thing_about
from gallery.claims import claims_of
from gallery.desk import acts, queue, record
from gallery.models import (
    Appeal,
    Claim,
    Comment,
    ManagedReason,
    ModerationAct,
    Notice,
    Post,
    Release,
    Sanction,
    Subject,
    reasons_for,
)
from gallery.notices import named_besides, others_of, targets_of
from gallery.screening import posts_alike
from generation.imaging.pdq import SURE_QUALITY

MOST_AT_ONCE = 100
MOST_ALIKE = 6
BULK = {
    "approve": "Approve",
    "keep": "Keep",
    "reject": "Reject",
    "take_down": "Take down",
    "see": "Looked at, nothing to do",
}
REASONS_OF = {
    Subject.POST: ManagedReason.Subject.POST,
    Subject.RELEASE: ManagedReason.Subject.RELEASE,
    Subject.COMMENT: ManagedReason.Subject.COMMENT,
    Subject.PERSON: ManagedReason.Subject.PERSON,
    Subject.SAFEGUARD: ManagedReason.Subject.PERSON,
}


@admin.register(Claim)
class DeskAdmin(ForModerators):
    """The list of claims is the queue itself: who has which case in hand stands at its line."""

    list_fullwidth = True

    def get_urls(self) -> list[URLPattern]:
        def own(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("bulk/", own(require_POST(self.bulk)), name="desk_bulk"),
            path("<slug:subject>/<int:key>/", own(require_safe(self.case)), name="desk_case"),
            path("<slug:subject>/<int:key>/act/", own(require_POST(self.act)), name="desk_act"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The queue, what is due first on top."""
        self._only_moderators(request)
        only = request.GET.get("kind", "")
        page = queue.page_of_queue(only, request.GET.get("after", ""))
        context = {
            "title": "Desk",
            "page": page,
            "only": only,
            "sources": queue.SOURCES,
            "counts": queue.counts(),
            "verbs": BULK,
            "reasons": reasons_for(ManagedReason.Subject.POST),
            "next_url": reverse("admin:gallery_claim_changelist", query={"kind": only, "after": page.next_cursor}),
        }
        return self._page(request, "queue", context)

    def case(self, request: HttpRequest, subject: str, key: int) -> HttpResponse:
        """One case: what it is about, whom, what is like it, what was noted, and what can be done."""
        self._only_moderators(request)
        try:
            thing = acts.thing_at(subject, key)
        except Refusal as refusal:
            raise Http404(refusal.message) from refusal
        person = record.person_of(subject, thing)
        context = {
            "title": f"{Subject(subject).label}: {thing}",
            "subject": subject,
            "key": key,
            "thing": thing,
            "choices": acts.choices_of(subject, thing),
            "claim": claims_of([(subject, key)]).get((subject, key)),
            "notes": record.notes_on(subject, key),
            "record": record.record_of(person) if person else None,
            "reasons": reasons_for(REASONS_OF.get(Subject(subject), ManagedReason.Subject.ANY)),
            **details_of(thing),
        }
        return self._page(request, "case", context)

    def act(self, request: HttpRequest, subject: str, key: int) -> HttpResponse:
        """Take a case, lay it down, note something, or decide."""
        self._only_moderators(request)
        moderator, verb = cast(User, request.user), request.POST.get("verb", "")
        back = reverse("admin:desk_case", args=[subject, key])
        try:
            if verb == "claim":
                acts.take(moderator, subject, key)
            elif verb == "unclaim":
                acts.lay_down(moderator, subject, key)
            elif verb == "note":
                acts.note(moderator, subject, key, request.POST.get("words", ""))
            else:
                reason, also = request.POST.get("reason", ""), request.POST.dict()
                messages.success(request, acts.decide(moderator, subject, key, verb, reason, also))
                back = back if subject == Subject.PERSON else reverse("admin:gallery_claim_changelist")
        except Refusal as refusal:
            messages.error(request, refusal.message)
        return redirect(back)

    def bulk(self, request: HttpRequest) -> HttpResponse:
        """One verb on all that were ticked; each is decided by itself, and what could not be is told."""
        self._only_moderators(request)
        moderator, verb = cast(User, request.user), request.POST.get("verb", "")
        wanted, done = request.POST.getlist("case")[:MOST_AT_ONCE], 0
        refused: dict[str, int] = {}
        for case in wanted if verb in BULK else []:
            subject, _, key = case.partition(":")
            try:
                number = int(key) if key.isdecimal() and len(key) < 19 else 0
                acts.decide(moderator, subject, number, verb, request.POST.get("reason", ""), {})
                done += 1
            except Refusal as refusal:
                refused[refusal.message] = refused.get(refusal.message, 0) + 1
        if done:
            messages.success(request, f"{BULK[verb]}: {counted(done, 'case')}.")
        for sentence, number in refused.items():
            messages.error(request, f"{counted(number, 'case')}: {sentence}")
        if not wanted or verb not in BULK:
            messages.error(request, "Tick the cases first, then choose what to do.")
        only = request.POST.get("kind", "")
        return redirect(reverse("admin:gallery_claim_changelist", query={"kind": only} if only else {}))

    def _only_moderators(self, request: HttpRequest) -> None:
        if not moderates(request):
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        own = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/gallery/desk/{name}.html", {**own, **context})


def details_of(thing: Any) -> dict[str, Any]:
    """What only this kind of case shows: reports and pictures like it, targets of a notice, what an appeal is about."""
    if isinstance(thing, Post):
        reports = thing.reports.filter(closed_at=None).select_related("user")
        fingerprint = thing.fingerprint
        alike = (
            posts_alike(fingerprint).exclude(pk=thing.pk)
            if fingerprint and fingerprint.quality >= SURE_QUALITY
            else None
        )
        near = list(alike.select_related("author", "image")[:MOST_ALIKE]) if alike is not None else []
        return {"post": thing, "reports": list(reports[:50]), "alike": near, "decisions": list(_decisions(thing))}
    if isinstance(thing, Comment):
        complaints = thing.reports.filter(closed_at=None).select_related("user")
        return {"comment": thing, "reports": list(complaints[:50]), "decisions": list(_decisions(thing))}
    if isinstance(thing, Notice):
        besides = named_besides(thing)
        links, samples = others_of(thing) if thing.state == Notice.State.OPEN else ([], [])
        return {
            "links": links,
            "samples": samples,
            "notice": thing,
            "addresses": [(row, besides.get(row.pk)) for row in thing.addresses.select_related("post")],
            "targets": targets_of(thing),
        }
    if isinstance(thing, Appeal):
        about = thing_about(thing)
        return {
            "appeal": thing,
            "about": about,
            "decisions": [] if isinstance(about, Sanction) else list(_decisions(about)),
        }
    return {"decisions": list(_decisions(thing))} if isinstance(thing, Release) else {}


def _decisions(thing: Any) -> Any:
    return thing.decisions.select_related("who")[:20]


@admin.register(Notice)
class NoticeAdmin(ForModerators):
    """All notices; what waits is answered at the desk."""

    list_display = ["received_at", "kind", "state", "due_at", "closed_at", "decided_by", "answer"]
    list_filter = ["state", "kind"]
    search_fields = ["code"]
    list_select_related = ["decided_by"]


@admin.register(ModerationAct)
class ModerationActAdmin(ForModerators):
    list_display = ["at", "verb", "who", "person", "subject", "words"]
    list_filter = ["verb", "subject"]
    search_fields = ["person__username", "who__username"]
    list_select_related = ["who", "person"]


@admin.register(Sanction)
class SanctionAdmin(ForModerators):
    list_display = ["at", "kind", "person", "state", "by", "confirmed_by", "ends_at", "reason"]
    list_filter = ["kind", "state"]
    search_fields = ["person__username"]
    list_select_related = ["person", "by", "confirmed_by"]


@admin.register(Appeal)
class AppealAdmin(ForModerators):
    list_display = ["at", "author", "subject", "state", "decided_by", "answer"]
    list_filter = ["state", "subject"]
    search_fields = ["author__username"]
    list_select_related = ["author", "decided_by"]
