"""What is new: moderators' decisions first, then what others did. To look is to have read it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from gallery import news, notifying
from gallery.views.access import person
from generation.web.paging import page_of

LINES_A_PAGE = 50


@login_required
@cache_control(private=True, no_store=True)
@require_GET
def notifications(request: HttpRequest) -> HttpResponse:
    user = person(request)
    page = page_of(notifying.newest_of(user), request, LINES_A_PAGE, ("at", "pk"))
    context = {
        "page": page,
        "lines": notifying.lines_of(page.rows),
        "news": news.read(user) if page.is_first else [],
    }
    notifying.read(user, page.rows)
    return render(request, "gallery/notifications.html", context)
