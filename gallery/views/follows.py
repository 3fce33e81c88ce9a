"""Following an author from their page, and the feed of all that one follows."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from accounts.refusals import NotFound
from gallery import following
from gallery.chips import sorts_of
from gallery.filters import Filters
from gallery.models import NEWEST
from gallery.views.access import person
from gallery.views.index import MOST_COUNTED, is_part, rows


@login_required
@cache_control(private=True, no_store=True)
@require_POST
def follow(request: HttpRequest, username: str) -> HttpResponse:
    """Follows, or with an empty `followed` no longer does."""
    user = person(request)
    try:
        author = following.author_named(username)
    except NotFound as error:
        raise Http404(error.message) from error
    follows = bool(request.POST.get("followed"))
    (following.follow if follows else following.unfollow)(user, author)
    if not is_part(request):
        return redirect("author", username)
    followers = author.followers.all()[: MOST_COUNTED + 1].count()
    context = {"person": author, "followed": follows, "followers": followers, "is_me": False}
    return render(request, "gallery/follow.html", context)


@login_required
@cache_control(private=True, no_store=True)
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The newest pictures of everybody whom one follows."""
    context = {} if is_part(request) else {"heading": "Following", "sorts": sorts_of(Filters(sort="following"))}
    return rows(request, following.feed_of(person(request)), NEWEST, "gallery/following.html", context)
