"""What a visitor asks of the gallery, as it stands in the address: words, filters, and the order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.models import User
from accounts.ratings import Rating
from gallery import facets
from gallery.models import NEWEST, PostQuerySet
from gallery.search import MOST_WORDS, Found
from gallery.words import folded_words
from generation.models import Checkpoint, Lora

LONGEST = 100
AUTHOR = re.compile(r"(?<!\S)@(?P<name>[\w.+-]+)")
SORTS = {"": NEWEST, "trending": ("score", "pk"), "top": ("points", "pk")}
"""A sort -> the fields whose falling values are its order."""
PERIODS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30), "": None}


@dataclass(frozen=True, slots=True)
class Filters:
    """Empty means everything, newest first. Dates are ISO days in UTC, both included; `period` is only of `top`."""

    q: str = ""
    tag: str = ""
    checkpoint: str = ""
    lora: str = ""
    author: str = ""
    shape: str = ""
    rating: str = ""
    since: str = ""
    until: str = ""
    sort: str = ""
    period: str = ""

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> Self:
        """Read out of a query string; what no row can have is cut or left out, not refused. `@name` in `q` is an
        author."""
        given = {field.name: str(query.get(field.name, "")).strip()[:LONGEST] for field in fields(cls)}
        if named := AUTHOR.search(given["q"]):
            given["author"] = named["name"]
            given["q"] = " ".join(AUTHOR.sub(" ", given["q"], count=1).split())
        choices = {"shape": facets.SHAPES, "rating": Rating.values, "sort": SORTS, "period": PERIODS}
        for name, known in choices.items():
            given[name] = given[name] if given[name] in known else ""
        for name in ("since", "until"):
            given[name] = given[name] if parse_day(given[name]) else ""
        if given["sort"] != "top":
            given["period"] = ""
        return cls(**given)

    @property
    def given(self) -> dict[str, str]:
        """What is not empty, by its name in the address."""
        return {field.name: getattr(self, field.name) for field in fields(self) if getattr(self, field.name)}

    @property
    def query(self) -> str:
        """The query string, with its question mark; `?` alone when nothing is asked."""
        return f"?{urlencode(self.given)}"

    @property
    def order(self) -> tuple[str, ...]:
        return SORTS[self.sort]

    @property
    def only_order(self) -> Self:
        return type(self)(sort=self.sort, period=self.period)

    @property
    def without_order(self) -> Self:
        return replace(self, sort="", period="")

    def __bool__(self) -> bool:
        """Whether anything is left out; an order leaves nothing out."""
        return self.without_order != Filters()

    def find(self, posts: PostQuerySet) -> Found:
        """Those of `posts` that it leaves. At most one query."""
        wanted = self._facets()
        if wanted is None:
            return Found(posts.none())
        starts = [parse_day(self.since)]
        if period := PERIODS[self.period]:
            starts.append(timezone.now() - period)
        since = max((start for start in starts if start), default=None)
        until = parse_day(self.until)
        before = until + timedelta(days=1) if until else None
        return Found(posts, tuple(folded_words(self.q)[:MOST_WORDS]), tuple(wanted), since, before)

    def _facets(self) -> list[str] | None:
        """What a post must have in its facets; None where something is named that is not there."""
        wanted = [facets.of_tag(self.tag)] if self.tag else []
        wanted += [word for word in (self.shape, self.rating) if word]
        named = [
            _named(self.checkpoint, Checkpoint.objects.filter(name=self.checkpoint), "weights", "sha256"),
            _named(self.lora, Lora.objects.filter(name=self.lora), "weights", "sha256"),
            # No two people have names that differ by case alone.
            _named(self.author, User.objects.filter(username__iexact=self.author, is_active=True), "author", "pk"),
        ]
        asked = [rows for rows in named if rows is not None]
        values = list(asked[0].union(*asked[1:], all=True)) if asked else []
        if len(values) < len(asked):
            return None
        return wanted + [
            facets.of_weights(value) if kind == "weights" else facets.of_author(value) for kind, value in values
        ]


def _named(name: str, rows: QuerySet[Any], kind: str, field: str) -> QuerySet[Any, Any] | None:
    """What tells the rows of this name in facets; None where no name is given."""
    if not name:
        return None
    return rows.order_by().values_list(Value(kind, CharField()), Cast(field, CharField()))


def parse_day(text: str) -> datetime | None:
    """The begin of a day such as 2026-11-29; None for what is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Python reads other spellings too. The day after the last one of the calendar cannot be told.
    is_plain = day.isoformat() == text and day < date.max
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if is_plain else None
