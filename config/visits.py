"""The pages as somebody else sees them: for whom a request counts while one of the staff makes a visit, and its end."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.entrance_models import Visit
from accounts.models import User
from accounts.refusals import NotAllowed
from accounts.visits import IN_SESSION, end_visit, is_standing, visit_of
from config.problems import API, answer_to
from generation.web.access import asks_for_part

CLOSED = (
    "/accounts/", "/account/tokens/", "/account/programs/", "/account/export/", "/account/delete/",
    "/account/take-back/", "/identity/", "/webhooks/", "/admin/", "/api/", "/v1/", "/sdapi/", "/mcp",
)  # fmt: skip
"""Sign-in, secrets, copies of everything, and doors of programs: nobody else's to look at."""
OPEN = ("/api/docs/", "/api/schema/", "/api/problems/")
HARMLESS = ("/create/inspect/", "/create/read/")
"""What is sent there is only read back, so that a page that asks by itself is whole."""
END = "visit-end"
SENTENCE = "This is closed during a visit: you look at somebody's pages and change nothing. End the visit first."


class Visits:
    """Middleware right below the one that tells who asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Without its cookie there is no session: looking for one would tell caches that the page depends on it.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or IN_SESSION not in request.session:
            return self.get_response(request)
        visit = visit_of(request)
        if visit is None or not is_standing(visit, request.user):  # type: ignore[arg-type]
            leave(request, visit)
            return self.get_response(request)
        if request.path_info == reverse(END):
            return self.get_response(request)
        if is_closed(request.path_info) or not is_looking(request):
            return self.refused(request, visit)
        return self.shown(request, visit)

    def shown(self, request: HttpRequest, visit: Visit) -> HttpResponse:
        count_for(request, visit)
        with structlog.contextvars.bound_contextvars(visited_by=visit.by.code):
            response = self.get_response(request)
        # It must not lie in the staff's browser under the address of their own page.
        response["Cache-Control"] = "private, no-store"
        return response

    def refused(self, request: HttpRequest, visit: Visit) -> HttpResponse:
        refusal = NotAllowed("during-visit", SENTENCE)
        if request.path_info.startswith(API) or asks_for_part(request):
            return answer_to(request, refusal)
        count_for(request, visit)
        return render(request, "visit_refused.html", {"sentence": refusal.message}, status=refusal.status)


def count_for(request: HttpRequest, visit: Visit) -> None:
    """From here on the request is the visited person's."""

    async def visited() -> User:
        return visit.person

    for name, value in {"visit": visit, "user": visit.person, "auser": visited}.items():
        setattr(request, name, value)


def is_looking(request: HttpRequest) -> bool:
    return request.method in ("GET", "HEAD") or request.path_info in HARMLESS


def is_closed(path: str) -> bool:
    return path.startswith(CLOSED) and not path.startswith(OPEN)


def leave(request: HttpRequest, visit: Visit | None) -> None:
    """The session is its owner's alone again."""
    request.session.pop(IN_SESSION, None)  # a session that ended meanwhile holds it no more
    if visit is not None:
        end_visit(visit)


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """The button of the red bar."""
    visit = visit_of(request)
    if visit is None:
        return redirect("home")
    leave(request, visit)
    messages.success(request, f"Your visit to {visit.person.get_username()} is over. You are yourself again.")
    return redirect("admin:accounts_user_change", visit.person.pk)
