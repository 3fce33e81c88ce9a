"""What became of what somebody sent in, with the moderators' words. What they have not read yet stands on top, once."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from gallery import news
from gallery.models import Sanction
from gallery.views.access import person
from generation.web.paging import page_of

POSTS_A_PAGE = 48
SANCTIONS_SHOWN = 20


@login_required
@cache_control(private=True, no_store=True)
@require_GET
def sent_in(request: HttpRequest) -> HttpResponse:
    user = person(request)
    page = page_of(news.posts_of(user), request, POSTS_A_PAGE)
    releases = news.releases_of(user).order_by("-pk")[: news.RELEASES_SHOWN] if page.is_first else []
    # Of comments only those that were refused: the reason, and the way to object, must not be gone once they were read.
    refused = news.comments_of(user).filter(state__in=news.TOLD_WHY).order_by("-pk")
    comments = refused[: news.RELEASES_SHOWN] if page.is_first else []
    context = {
        "sanctions": list(Sanction.objects.of(user).in_force()[:SANCTIONS_SHOWN]) if page.is_first else [],
        "page": page,
        "lines": news.lines_of([*releases, *comments, *page.rows]),
        "news": news.read(user) if page.is_first else [],
    }
    return render(request, "gallery/sent_in.html", context)
