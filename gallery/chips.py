"""What there is to press above the gallery's pictures: orders, and filters. Each leads to an address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import CharField, Count, Exists, F, OuterRef, Q, QuerySet, Value

from accounts.models import User
from accounts.ratings import Rating
from gallery.facets import SHAPES
from gallery.filters import Filters
from gallery.models import Post, Tag
from gallery.search import MOST_WORDS
from generation.messages.kept import kept
from generation.models import Checkpoint, Lora

TAGS_OFFERED = 12
WEIGHTS_OFFERED = 6
LOOKED_AT = 500
"""Filters are offered that many of so many newest pictures have."""
KEPT_SECONDS = 60
SORTS = {"": "Newest", "trending": "Trending", "top": "Top"}
PERIODS = {"day": "Day", "week": "Week", "month": "Month", "": "All time"}


@dataclass(frozen=True, slots=True)
class Chip:
    """Something to press; `query` is the address's query with it, or without it where a filter is on."""

    kind: str
    label: str
    on: bool
    query: str


def sorts_of(filters: Filters) -> list[Chip]:
    return [
        Chip("sort", label, filters.sort == name, replace(filters, sort=name, period="").query)
        for name, label in SORTS.items()
    ]


def periods_of(filters: Filters) -> list[Chip]:
    """Over what time the top is taken; none for another order."""
    if filters.sort != "top":
        return []
    return [
        Chip("period", label, filters.period == name, replace(filters, period=name).query)
        for name, label in PERIODS.items()
    ]


def chips_of(filters: Filters) -> list[Chip]:
    """Filters to press: those that are on, then what many new pictures have, shapes and ratings."""
    shapes = [("shape", name, label) for name, label in SHAPES.items()]
    ratings = [("rating", value, label) for value, label in Rating.choices]
    offered = [*_authors(filters), *_offered(), *shapes, *ratings]
    known = {(kind, value) for kind, value, _ in offered}
    chosen = [(kind, getattr(filters, kind)) for kind in ("tag", "checkpoint", "lora", "author", "since", "until")]
    extra = [
        (kind, value, EXTRA.get(kind, "{}").format(value))
        for kind, value in chosen
        if value and (kind, value) not in known
    ]
    chips = [_chip(filters, *each) for each in (*extra, *offered)]
    return sorted(chips, key=lambda chip: not chip.on)


EXTRA = {"author": "By {}", "since": "From {}", "until": "Until {}"}


def _chip(filters: Filters, kind: str, value: str, label: str) -> Chip:
    on = getattr(filters, kind) == value
    changed = replace(filters, **{kind: "" if on else value})
    if kind == "author":
        # The name that was searched for is the filter now, no longer a word of the picture.
        changed = replace(changed, q=" ".join(word for word in filters.q.split() if word.lower() != value.lower()))
    return Chip(kind, label, on, changed.query)


def _authors(filters: Filters) -> list[tuple[str, str, str]]:
    """Who shows pictures and is called by a word that was searched for, or by all of them."""
    words = {filters.q, *filters.q.split()} - {""}
    named = Q()
    for word in sorted(words)[:MOST_WORDS]:
        named |= Q(username__iexact=word)
    if not words:
        return []
    shown = User.objects.filter(named, Exists(Post.objects.public().filter(author=OuterRef("pk"))), is_active=True)
    return [("author", name, f"By {name}") for name in shown.order_by("username").values_list("username", flat=True)]


def _offered() -> list[tuple[str, str, str]]:
    """Tags and weights of the newest pictures, kept for as long as a withdrawn picture may be seen in a cache."""
    return kept("gallery-chips", KEPT_SECONDS, lambda: list(_counted()))


def _counted() -> Iterator[tuple[str, str, str]]:
    tags, checkpoints, loras = (
        _uses("tag", Tag.objects.all(), "name"),
        _uses("checkpoint", Checkpoint.objects.listed(), "title"),
        _uses("lora", Lora.objects.listed(), "title"),
    )
    rows = sorted(tags.union(checkpoints, loras, all=True), key=lambda row: (-row[3], row[1]))
    for kind, most in (("tag", TAGS_OFFERED), ("checkpoint", WEIGHTS_OFFERED), ("lora", WEIGHTS_OFFERED)):
        yield from [row[:3] for row in rows if row[0] == kind][:most]


def _uses(kind: str, rows: QuerySet[Any], label: str) -> QuerySet[Any, Any]:
    newest = Post.objects.public().newest().values("pk")[:LOOKED_AT]
    used = rows.order_by().filter(posts__in=newest).annotate(kind=Value(kind, CharField()), uses=Count("posts"))
    named: QuerySet[Any, Any] = used.annotate(label=F(label)).values_list("kind", "name", "label", "uses")
    return named
