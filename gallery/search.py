"""Finding posts: by words, on PostgreSQL's full text or plain SQLite, and by the filters that stand in the address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connections, models

from gallery.words import folded_words

MOST_WORDS = 12
LONGEST = 100
AUTHOR = re.compile(r"(?<!\S)@(?P<name>[\w.+-]+)")


class PostSearch(models.QuerySet[Any]):
    """`matching(words)` means the same on every database: each word begins some word of title, tags or prompt."""

    def matching(self, text: str) -> Self:
        words = folded_words(text)[:MOST_WORDS]
        if not words:
            return self
        if connections[self.db].vendor == "postgresql":
            # `words` are letters and digits alone, so that no operator of the raw syntax can be among them.
            query = SearchQuery(" & ".join(f"{word}:*" for word in words), config="simple", search_type="raw")
            return self.annotate(vector=SearchVector("search_words", config="simple")).filter(vector=query)
        rows = self
        for word in words:
            rows = rows.filter(search_words__contains=f" {word}")
        return rows


Posts = TypeVar("Posts", bound=PostSearch)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a visitor asked for, as it stands in the address; empty means everything."""

    q: str = ""
    tag: str = ""
    checkpoint: str = ""
    lora: str = ""
    author: str = ""

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> Self:
        """Read out of a query string; values that no row can have are cut, not refused. `@name` in `q` is an author."""
        given = {field.name: str(query.get(field.name, "")).strip()[:LONGEST] for field in fields(cls)}
        if named := AUTHOR.search(given["q"]):
            given["author"] = named["name"]
            given["q"] = " ".join(AUTHOR.sub(" ", given["q"], count=1).split())
        return cls(**given)

    def apply(self, posts: Posts) -> Posts:
        rows = posts.matching(self.q)
        if self.tag:
            rows = rows.filter(tags__name=self.tag)
        if self.checkpoint:
            rows = rows.filter(checkpoint__name=self.checkpoint)
        if self.lora:
            rows = rows.filter(loras__name=self.lora)
        if self.author:
            # No two people have names that differ by case alone.
            rows = rows.filter(author__username__iexact=self.author, author__is_active=True)
        return rows

    @property
    def query(self) -> str:
        """The query string, with its question mark; `?` alone when nothing is filtered."""
        given = {field.name: getattr(self, field.name) for field in fields(self) if getattr(self, field.name)}
        return f"?{urlencode(given)}"

    def __bool__(self) -> bool:
        return self != Filters()
