"""Finding one's own pictures again: what may be asked for, as it stands in the address of the page and of the API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Value

from accounts.models import User
from accounts.refusals import Refusal
from generation.models import Album, GeneratedImage, PictureFacet
from generation.models.images import ImageQuerySet

LONGEST = 200
SIZE = re.compile(r"(\d{1,5})[x×](\d{1,5})")
ABOUT = timedelta(minutes=1)
"""By how much two pictures may have come in another order than their keys."""


@dataclass(frozen=True, slots=True)
class PictureFilters:
    """What is asked for; empty means everything.

    `since` and `until` are days of UTC, both taken in; `size` is as in 512x768; `album` is its code.
    """

    q: str = ""
    album: str = ""
    checkpoint: str = ""
    lora: str = ""
    size: str = ""
    since: str = ""
    until: str = ""
    starred: str = ""

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> Self:
        """Read out of a query string. Raises Refusal for a day or a size that cannot be read."""
        given = cls(**{field.name: str(query.get(field.name, "")).strip()[:LONGEST] for field in fields(cls)})
        if given.size and not SIZE.fullmatch(given.size):
            raise Refusal("bad-size", "A size is written as width x height, such as 512x768.", field="size")
        for name in ("since", "until"):
            _day(name, getattr(given, name))
        starred = "1" if given.starred.lower() in ("1", "true", "on") else ""
        return replace(given, starred=starred, size=given.size.replace("×", "x"))

    def apply(self, rows: ImageQuerySet, album_id: int | None = None) -> ImageQuerySet:
        """Those of one person's pictures that have all of it; each filter alone is one walk along its index.

        `album_id` is the key of `album`, None where the person has no such album.
        """
        rows = rows.matching(self.q)
        if self.album:
            rows = rows.filter(album_entries__album=album_id) if album_id else rows.none()
        if self.checkpoint:
            rows = rows.filter(checkpoint=self.checkpoint)
        if self.lora:
            rows = rows.filter(lora_names__owner=rows.owner_id, lora_names__name=self.lora)
        if match := SIZE.fullmatch(self.size):
            rows = rows.filter(width=int(match[1]), height=int(match[2]))
        if self.starred:
            rows = rows.filter(is_starred=True)
        return self._within_days(rows)

    def _within_days(self, rows: ImageQuerySet) -> ImageQuerySet:
        """Days become bounds of the key, which is the order of the page: what lies before them is not walked over."""
        by_time = GeneratedImage.objects.filter(owner=rows.owner_id)
        if day := _day("since", self.since):
            first = by_time.filter(created_at__gte=day - ABOUT).order_by("created_at").values("pk")[:1]
            rows = rows.filter(created_at__gte=day, pk__gte=first)
        if day := _day("until", self.until):
            end = day + timedelta(days=1)
            last = by_time.filter(created_at__lt=end + ABOUT).order_by("-created_at").values("pk")[:1]
            rows = rows.filter(created_at__lt=end, pk__lte=last)
        return rows

    def without(self, name: str) -> Self:
        return replace(self, **{name: ""})

    @property
    def query(self) -> str:
        """The query string with its question mark; `?` alone when nothing is asked for."""
        return f"?{urlencode(self.given())}"

    def given(self) -> dict[str, str]:
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}

    def __bool__(self) -> bool:
        return self != type(self)()


def _day(field: str, text: str) -> datetime | None:
    """Its first moment; None for no text. Raises Refusal."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 1000 <= day.year <= 9000:
        raise Refusal("bad-day", "A day is written as year, month and day, such as 2026-11-28.", field=field)
    return datetime.combine(day, time.min, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose: what stands in the address, and what is read. `pk` is that of an album."""

    value: str
    title: str
    pk: int


def choices_of(user: User) -> dict[str, list[Choice]]:
    """What a person may choose from, by the filter's name: checkpoint, lora, size and album. One query.

    Of pictures that are all deleted meanwhile the names are still among it.
    """
    facets = PictureFacet.objects.filter(owner=user).values_list("kind", "value", "value", "pk")
    albums = Album.objects.of(user).values_list(Value("album"), "code", "title", "pk")
    found: dict[str, list[Choice]] = {"checkpoint": [], "lora": [], "size": [], "album": []}
    for kind, value, title, pk in facets.union(albums, all=True):
        found[kind].append(Choice(value, title, pk))
    for choices in found.values():
        choices.sort(key=lambda choice: choice.title.casefold())
    found["size"].sort(key=lambda choice: [int(side) for side in choice.value.split("x")])
    return found


def counted_up_to(rows: ImageQuerySet, most: int) -> int:
    """How many there are, or one more than `most`: counting all of many would take as long as they are many."""
    return rows.order_by()[: most + 1].count()
