"""What was made from a public picture."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from gallery.models import NEWEST, Post
from gallery.search import Found
from gallery.views.access import public_post
from gallery.views.index import rows


@require_safe
def remixes(request: HttpRequest, code: str) -> HttpResponse:
    post = public_post(code)
    context = {"heading": f"Remixes of “{post.title}”", "post": post}
    return rows(request, Found(Post.objects.public().filter(made_from=post)), NEWEST, "gallery/remixes.html", context)
