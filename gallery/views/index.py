"""What everybody may see: the gallery with its filters and orders, and the page of one author."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.models import User
from gallery.cards import cards_of
from gallery.chips import chips_of, periods_of, sorts_of
from gallery.filters import Filters
from gallery.following import NOBODY
from gallery.models import NEWEST, Collection, Follow, Post
from gallery.search import Found
from gallery.social import card_of_list
from generation.models.counts import CountOf
from generation.web.paging import page_of

POSTS_A_PAGE = 48
MOST_COUNTED = 1000
COLLECTIONS_SHOWN = 12
DESCRIPTION = "Pictures made from text, with the recipes that their authors share."


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Public pictures: `?sort=` says in what order, `?q=`, `?tag=`, `?checkpoint=`, `?lora=`, `?author=`, `?shape=`,
    `?rating=`, `?since=` and `?until=` keep those that match them all."""
    filters = Filters.of(request.GET)
    context = {}
    if not is_part(request):
        context = {
            "heading": "Gallery",
            "filters": filters,
            "chips": chips_of(filters),
            "sorts": sorts_of(filters),
            "periods": periods_of(filters),
        }
    return rows(request, filters.find(Post.objects.approved()), filters.order, "gallery/index.html", context)


@require_safe
def author(request: HttpRequest, username: str) -> HttpResponse:
    """The public pictures of one person. Who has none is not told apart from who is not there."""
    person: Any = User.objects.filter(username=username, is_active=True).annotate(**numbers_of(request.user)).first()
    if person is None or not person.post_count:
        raise Http404(NOBODY)
    context = {}
    if not is_part(request):
        context = {
            "heading": f"Pictures by {username}",
            "person": person,
            "count": min(person.post_count, MOST_COUNTED),
            "has_more": person.post_count > MOST_COUNTED,
            "followers": person.follower_count,
            "followed": person.is_followed,
            "is_me": request.user == person,
            "collections": list(Collection.objects.public().of(person).order_by("-pk")[:COLLECTIONS_SHOWN]),
        }
    return rows(request, Found(Post.objects.public().of(person)), NEWEST, "gallery/author.html", context)


def numbers_of(visitor: Any) -> dict[str, Any]:
    """What the page of an author tells of them, read in the same query; counted up to one more than MOST_COUNTED."""
    author = OuterRef("pk")
    return {
        "post_count": CountOf(Post.objects.public().filter(author=author)[: MOST_COUNTED + 1]),
        "follower_count": CountOf(Follow.objects.filter(person=author)[: MOST_COUNTED + 1]),
        "is_followed": Exists(Follow.objects.filter(follower=visitor.pk, person=author)),
    }


def rows(
    request: HttpRequest, posts: Found, order: Sequence[str], template: str, context: dict[str, Any]
) -> HttpResponse:
    """A page of pictures, or only its pictures for the endless scroll."""
    page = page_of(posts.with_rows("image", "author"), request, POSTS_A_PAGE, order)
    cards = cards_of(page.rows)
    context = {**context, "page": page, "cards": cards}
    if not is_part(request):
        context["social"] = card_of_list(context["heading"], DESCRIPTION, request.path, cards)
    response = render(request, "gallery/cards.html" if is_part(request) else template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def is_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"
