"""Finding one's own pictures by the words of their prompts: PostgreSQL's full text, or FTS5 beside SQLite's table.

The index holds everybody's words. Each is written with its owner, so that what is read of it is one person's alone,
however many pictures others have.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connections
from django.db.models.expressions import RawSQL

from generation.models.leases import LeasedQuerySet, Row
from generation.recipes.words import searched_words

FTS_TABLE = "generation_picturewords"
MOST_WORDS = 12
LONGEST_WORD = 64


def indexed_text(owner_id: int, prompt: str) -> str:
    """What is indexed of a picture: each word of its prompt once."""
    return " ".join(dict.fromkeys(_words_of(owner_id, prompt)))


def index_words(rows: Iterable[Any], using: str = "default") -> None:
    """Bring the index of SQLite up to date for images with `search_words`; PostgreSQL's follows the column itself."""
    if connections[using].vendor == "sqlite":
        with connections[using].cursor() as cursor:
            cursor.executemany(
                f"INSERT OR REPLACE INTO {FTS_TABLE} (rowid, words) VALUES (%s, %s)",
                [(row.pk, row.search_words) for row in rows],
            )


def forget_words(using: str = "default") -> int:
    """Take the words of pictures that are gone out of SQLite's index; how many pictures."""
    if connections[using].vendor != "sqlite":
        return 0
    with connections[using].cursor() as cursor:
        kept = "SELECT id FROM generation_generatedimage WHERE deleted_at IS NULL OR file <> ''"
        return int(cursor.execute(f"DELETE FROM {FTS_TABLE} WHERE rowid NOT IN ({kept})").rowcount)


class PictureSearch(LeasedQuerySet[Row]):
    """`of(user).matching(words)` means the same on every database: each word begins some word of the prompt."""

    owner_id: int | None = None
    """Of whom they are, where `of` was asked."""

    def of(self, user: Any) -> Self:
        rows = super().of(user)
        rows.owner_id = user.pk
        return rows

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone.owner_id = self.owner_id
        return clone

    def matching(self, text: str) -> Self:
        """Raises ValueError for pictures that are not one person's."""
        if not searched_words(text):
            return self
        if self.owner_id is None:
            raise ValueError("words are looked for among one person's pictures")
        # Letters and digits alone, so that no operator of either syntax can be among them.
        words = _words_of(self.owner_id, text)[:MOST_WORDS]
        if connections[self.db].vendor == "postgresql":
            query = SearchQuery(" & ".join(f"{word}:*" for word in words), config="simple", search_type="raw")
            return self.alias(vector=SearchVector("search_words", config="simple")).filter(vector=query)
        asked = " AND ".join(f'"{word}"*' for word in words)
        found = RawSQL(f"SELECT rowid FROM {FTS_TABLE} WHERE {FTS_TABLE} MATCH %s", [asked])  # noqa: S611
        return self.filter(pk__in=found)


def _words_of(owner_id: int, text: str) -> list[str]:
    return [f"o{owner_id}x{word[:LONGEST_WORD]}" for word in searched_words(text)]
