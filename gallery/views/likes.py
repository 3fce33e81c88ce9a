"""The heart of a public picture: a form that works without a script, and swaps itself with one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST

from gallery import liking
from gallery.models import Post
from gallery.views.access import person, public_post
from gallery.views.index import is_part


@login_required
@cache_control(private=True, no_store=True)
@require_POST
def like(request: HttpRequest, code: str) -> HttpResponse:
    """Likes, or with an empty `liked` no longer does."""
    post, user = public_post(code), person(request)
    likes = bool(request.POST.get("liked"))
    (liking.like if likes else liking.unlike)(user, post)
    if not is_part(request):
        return redirect("post", code)
    points = Post.objects.values_list("points", flat=True).get(pk=post.pk)
    return render(request, "gallery/like.html", {"post": post, "points": points, "liked": likes, "is_mine": False})
