"""What everybody may see: the gallery with its filters, and the page of one author."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.models import User
from gallery.cards import cards_of
from gallery.models import NEWEST, Post, PostQuerySet, Tag
from gallery.search import MOST_WORDS, Filters
from generation.models import Checkpoint, Lora
from generation.web.paging import page_of

POSTS_A_PAGE = 48
TAGS_OFFERED = 12
WEIGHTS_OFFERED = 6


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Public pictures, newest first; `?q=`, `?tag=`, `?checkpoint=`, `?lora=` and `?author=` keep those that match
    them all."""
    filters = Filters.of(request.GET)
    context = {"filters": filters, "chips": chips_of(filters)} if not is_part(request) else {}
    return rows(request, filters.apply(Post.objects.public()), "gallery/index.html", context)


@require_safe
def author(request: HttpRequest, username: str) -> HttpResponse:
    """The public pictures of one person. Who has none is not told apart from who is not there."""
    posts = Post.objects.public().filter(author__username=username)
    person = User.objects.filter(pk__in=posts.values("author"), is_active=True).first()
    if person is None:
        raise Http404("Nobody by that name shows pictures here.")
    return rows(request, posts, "gallery/author.html", {"person": person, "count": posts.count()})


def rows(request: HttpRequest, posts: PostQuerySet, template: str, context: dict[str, Any]) -> HttpResponse:
    """A page of pictures, or only its pictures for the endless scroll."""
    page = page_of(posts.select_related("image", "author"), request, POSTS_A_PAGE, NEWEST)
    context = {**context, "page": page, "cards": cards_of(page.rows)}
    response = render(request, "gallery/cards.html" if is_part(request) else template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def is_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


@dataclass(frozen=True, slots=True)
class FilterChip:
    """A filter to press; `query` is the address's query with it, or without it where it is on."""

    kind: str
    label: str
    on: bool
    query: str


def chips_of(filters: Filters) -> list[FilterChip]:
    """Filters to press: those that are on, then what most public pictures have. Each leads to the address without
    or with it."""
    public = Q(posts__in=Post.objects.public())
    tags = Tag.objects.annotate(uses=Count("posts", filter=public)).filter(uses__gt=0).order_by("-uses", "name")
    offered = [("tag", tag.name, tag.name) for tag in tags[:TAGS_OFFERED]]
    for kind, model in (("checkpoint", Checkpoint), ("lora", Lora)):
        used = model.objects.listed().annotate(last=Max("posts__approved_at", filter=public)).exclude(last=None)
        offered += [(kind, row.name, row.title) for row in used.order_by("-last")[:WEIGHTS_OFFERED]]
    offered = [*authors_of(filters), *offered]
    known = {(kind, value) for kind, value, _ in offered}
    chosen = [(kind, getattr(filters, kind)) for kind in ("tag", "checkpoint", "lora", "author")]
    extra = [
        (kind, value, f"By {value}" if kind == "author" else value)
        for kind, value in chosen
        if value and (kind, value) not in known
    ]
    return [chip(filters, *each) for each in (*extra, *offered)]


def authors_of(filters: Filters) -> list[tuple[str, str, str]]:
    """Who shows pictures and is called by a word that was searched for, or by all of them."""
    words = {filters.q, *filters.q.split()} - {""}
    named = Q()
    for word in sorted(words)[:MOST_WORDS]:
        named |= Q(username__iexact=word)
    if not words:
        return []
    shown = User.objects.filter(named, is_active=True, pk__in=Post.objects.public().values("author"))
    return [("author", name, f"By {name}") for name in shown.order_by("username").values_list("username", flat=True)]


def chip(filters: Filters, kind: str, value: str, label: str) -> FilterChip:
    on = getattr(filters, kind) == value
    changed = replace(filters, **{kind: "" if on else value})
    if kind == "author":
        # The name that was searched for is the filter now, no longer a word of the picture.
        changed = replace(changed, q=" ".join(word for word in filters.q.split() if word.lower() != value.lower()))
    return FilterChip(kind, label, on, changed.query)
