"""Finding posts by words and facets, on PostgreSQL's full text or on SQLite's FTS5, in any order and from any page on.

A post matches when each word begins some word of its title, tags or prompt, and all facets are its own: the same on
every database. `Filters` says what was asked; here it is read from the rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models import BooleanField, F
from django.db.models.expressions import RawSQL
from django.db.models.functions import Greatest

from accounts.ratings import Rating
from gallery.facets import SHAPES

MOST_WORDS = 12
WALKED = 4000
"""Posts that are looked at in their order before the index is asked. With N posts and a page of 50, the index then
finds at most about 50 * N / WALKED to be sorted: at a million posts both steps cost the same with this many."""
DEEPEST = 3 * WALKED
"""So many are looked at instead where as many as a page needs will be among them, reckoned from those seen already:
what one post in a hundred has, the index finds thousands of times."""
SPARE = 30
"""Ids that are read beyond a page, for pictures that their owners have deleted."""
SHOWN = {"image__isnull": False, "image__deleted_at": None}
"""Asked only of what is read: of every post that is walked past, a second row would have to be looked at."""
BEHIND = -1
"""No post's id: there are more posts than were looked at."""
COMMON = {*SHAPES, Rating.GENERAL.value}
"""Facets that many posts have: beside others the index reads them in vain."""
LOOKED_UP = 3
SHORTEST = 3
"""Of the words, so many of the longest are looked up in the index, and none that is shorter: half of all have those."""
POST_COST = 12
"""Reading a post takes as long as reading so many entries of the index."""
TABLE = "gallery_post_search"
"""SQLite's index, a table of its own; its columns are `words` and `facets`."""


@dataclass(frozen=True)
class Found:
    """Posts that match and whose picture is there, to be ordered, filtered and sliced as a queryset is.

    A slice is read in two steps. What many posts have stands soon in any order: the next WALKED posts are looked
    through, and more of them where those tell that a slice is within DEEPEST. What few have is found by the index, and
    those few are sorted. No planner must guess which of both it is.
    """

    rows: models.QuerySet[Any]
    words: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    since: datetime | None = None
    before: datetime | None = None
    follower: int | None = None
    """Only posts of those whom this person follows."""

    @property
    def model(self) -> type[models.Model]:
        return self.rows.model

    def with_rows(self, *names: str) -> Self:
        """Fetched with it: the rows that these foreign keys name."""
        return replace(self, rows=self.rows.select_related(*names))

    def with_many(self, *names: str) -> Self:
        """Fetched after it, a query each: the rows that these relations name."""
        return replace(self, rows=self.rows.prefetch_related(*names))

    def filter(self, *conditions: Any, **named: Any) -> Self:
        return replace(self, rows=self.rows.filter(*conditions, **named))

    def order_by(self, *names: str) -> Self:
        return replace(self, rows=self.rows.order_by(*names))

    def __getitem__(self, limits: slice) -> list[Any]:
        by_date = str(self.rows.query.order_by[0]).lstrip("-") == "approved_at"
        # Dates are a range of that order, but scattered over any other.
        walked = self if not by_date else replace(self, rows=self._dated(self.rows), since=None, before=None)
        if not (walked.words or walked.facets or walked.since or walked.before or walked.follower):
            return list(walked.rows.filter(**SHOWN)[limits])
        ids, shares = walked._looked_through(limits.stop + SPARE)
        if ids and shares is not None and (deeper := _depth(len(ids), limits.stop + SPARE)) <= DEEPEST:
            ids = walked._looked_deeper(limits.stop + SPARE, deeper)
        if len(ids) >= limits.stop or shares is None:
            near = list(walked.rows.filter(pk__in=ids, **SHOWN)[limits]) if ids else []
            if len(near) == limits.stop - (limits.start or 0) or shares is None:
                return near
        rows = self._dated(self.rows)
        if self.follower:
            rows = rows.filter(_followed(connections[rows.db].vendor, self.follower))
        return self._sorted(self._looked_up(rows, shares), limits)

    def _sorted(self, matching: models.QuerySet[Any], limits: slice) -> list[Any]:
        """Of all that match: they are sorted before their pictures and authors are read, of which few are needed."""
        most = limits.stop + SPARE
        try:
            ids, params = matching.values("pk")[:most].query.sql_with_params()
        except EmptyResultSet:
            return []
        found = list(self.rows.filter(pk__in=RawSQL(ids, params)).annotate(gone_at=F("image__deleted_at")))  # noqa: S611
        near = [row for row in found if row.gone_at is None][limits]
        if len(near) == limits.stop - (limits.start or 0) or len(found) < most:
            return near
        return list(matching.filter(**SHOWN)[limits])  # many of them are gone

    def _dated(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        if self.since:
            rows = rows.filter(approved_at__gte=self.since)
        return rows.filter(approved_at__lt=self.before) if self.before else rows

    def _looked_through(self, most: int) -> tuple[list[int], dict[str, float] | None]:
        """Ids of the first `most` that match among the next posts, whether or not their pictures are there; and which
        share of those posts has each word and facet, as far as that is known: None where no post lies behind them.

        The shares are counted where too few match, in the same query.
        """
        asked = {word: ("search_words LIKE %s", f"% {word}%") for word in self.words}
        asked |= {facet: ("facets LIKE %s", f"% {facet} %") for facet in self.facets}
        having = [f"SUM(CASE WHEN {condition} THEN 1 ELSE 0 END)" for condition, _ in asked.values()]
        told = " || ' ' || ".join(f"CAST({number} AS text)" for number in ("COUNT(*)", *having))
        try:
            matching, params = self._matching(most, WALKED)
            behind, others = self.rows.values("search_words", "facets")[: WALKED + 1].query.sql_with_params()
        except EmptyResultSet:
            return [], {}
        sql = f"SELECT pk, '' FROM ({matching}) matching UNION ALL SELECT {BEHIND}, {told} FROM ({behind}) behind"  # noqa: S608
        with connections[self.rows.db].cursor() as cursor:
            cursor.execute(f"{sql} LIMIT %s", [*params, *(value for _, value in asked.values()), *others, most])
            found = dict(cursor.fetchall())
        if (counted := found.pop(BEHIND, "")) is None:  # there is no post at all
            return [], None
        posts, *counts = map(int, counted.split()) if counted else (WALKED + 1,)
        if posts <= WALKED:
            return list(found), None
        return list(found), {name: max(count, 1) / posts for name, count in zip(asked, counts, strict=False)}

    def _looked_deeper(self, most: int, depth: int) -> list[int]:
        """Ids of the first `most` that match among the next `depth` posts."""
        matching, params = self._matching(most, depth)
        with connections[self.rows.db].cursor() as cursor:
            cursor.execute(matching, params)
            return [pk for (pk,) in cursor.fetchall()]

    def first_near(self) -> models.QuerySet[Any]:
        """The first that matches among the next posts, to be a part of another query. Raises EmptyResultSet."""
        matching, params = self._matching(SPARE, WALKED)
        return self.rows.filter(pk__in=RawSQL(matching, params), **SHOWN)[:1]  # noqa: S611

    def first_of_all(self) -> models.QuerySet[Any]:
        """The first that matches, by the index."""
        return self._looked_up(self.rows, {}).filter(**SHOWN)[:1]

    def _matching(self, most: int, depth: int) -> tuple[str, list[Any]]:
        """The query of `_looked_through` for those that match. Raises EmptyResultSet.

        The posts are a subquery with a limit, which no planner looks behind: joined to it by their ids, all posts
        would be searched for the words first.
        """
        names = [str(name) for name in self.rows.query.order_by]
        order = ", ".join(f'"{name.lstrip("-")}"{" DESC" if name.startswith("-") else ""}' for name in names)
        columns = {"search_words", "facets", "approved_at", "author_id", *(name.lstrip("-") for name in names)} - {"pk"}
        connection = connections[self.rows.db]
        conditions = ["search_words LIKE %s"] * len(self.words) + ["facets LIKE %s"] * len(self.facets)
        given: list[Any] = [f"% {word}%" for word in self.words] + [f"% {facet} %" for facet in self.facets]
        for condition, moment in (("approved_at >= %s", self.since), ("approved_at < %s", self.before)):
            if moment:
                conditions.append(condition)
                given.append(str(connection.ops.adapt_datetimefield_value(moment)))
        if self.follower:
            conditions.append("author_id IN (SELECT person_id FROM gallery_follow WHERE follower_id = %s)")
            given.append(self.follower)
        walked, params = self.rows.values("pk", *sorted(columns))[:depth].query.sql_with_params()
        sql = f"SELECT pk FROM ({walked}) walked WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT %s"  # noqa: S608
        return sql, [*params, *given, most]

    def _telling(self, shares: Mapping[str, float]) -> tuple[list[str], list[str]]:
        """The words and facets that the index is asked for; the others are looked for in what it finds.

        Of a word the index reads all its posts, so that one which most posts have is read in vain beside a rare one.
        """
        facets = [facet for facet in self.facets if facet not in COMMON]
        part = math.prod(shares.get(facet, 1.0) for facet in facets)
        words = [word for word in self.words if len(word) >= SHORTEST]
        telling = list[str]()
        for word in sorted(words, key=lambda word: (shares.get(word, 0.0), -len(word)))[:LOOKED_UP]:
            if (telling or facets) and shares.get(word, 0.0) > part * POST_COST:
                break
            telling.append(word)
            part *= shares.get(word, 1.0)
        if telling or facets:
            return telling, facets
        # None at all of a feed, whose authors have an index.
        return list(self.words), [] if self.words else list(self.facets)

    def _looked_up(self, rows: models.QuerySet[Any], shares: Mapping[str, float]) -> models.QuerySet[Any]:
        telling, facets = self._telling(shares)
        if telling or facets:
            rows = rows.filter(_in_index(connections[rows.db].vendor, telling, facets))
        for word in self.words:
            if word not in telling:
                rows = rows.filter(search_words__contains=f" {word}")
        for facet in self.facets:
            if facet not in facets:
                rows = rows.filter(facets__contains=f" {facet} ")
        # By what no index orders them: else a planner walks all posts in their order to spare itself the sorting.
        order = [str(name) for name in rows.query.order_by]
        fields = [(Greatest(name.lstrip("-"), name.lstrip("-")), name.startswith("-")) for name in order]
        return rows.order_by(*(by.desc() if falls else by.asc() for by, falls in fields))


def _depth(found: int, most: int) -> int:
    """How many posts hold `most` of those of which WALKED hold `found`, with a fifth to spare."""
    return math.ceil(1.2 * WALKED * most / found)


def _in_index(vendor: str, words: Sequence[str], facets: Sequence[str]) -> RawSQL:
    """The condition that the index of migration 0006 answers, on both databases by its own expressions.

    Words and facets are letters and digits alone, so that no operator of a search language can be among them.
    """
    condition, params = (_on_postgresql if vendor == "postgresql" else _on_sqlite)(words, facets)
    return RawSQL(condition, params, output_field=BooleanField())  # noqa: S611


def _followed(vendor: str, follower: int) -> RawSQL:
    """Posts of whom they follow, by the index of authors. PostgreSQL would join, and for that read all posts."""
    people = "(SELECT person_id FROM gallery_follow WHERE follower_id = %s)"
    among = f"= ANY(ARRAY{people})" if vendor == "postgresql" else f"IN {people}"
    return RawSQL(f'"gallery_post"."author_id" {among}', [follower], output_field=BooleanField())  # noqa: S611


def _on_postgresql(words: Sequence[str], facets: Sequence[str]) -> tuple[str, list[Any]]:
    conditions, params = [], list[Any]()
    if words:
        conditions.append(
            """to_tsvector('simple'::regconfig, COALESCE("gallery_post"."search_words", ''))"""
            """ @@ to_tsquery('simple'::regconfig, %s)"""
        )
        params.append(" & ".join(f"{word}:*" for word in words))
    if facets:
        conditions.append("""string_to_array(btrim("gallery_post"."facets"), ' ') @> %s::text[]""")
        params.append(list(facets))
    return f"({' AND '.join(conditions)})", params


def _on_sqlite(words: Sequence[str], facets: Sequence[str]) -> tuple[str, list[Any]]:
    asked = [f'words : "{word}" *' for word in words] + [f'facets : "{facet}"' for facet in facets]
    return f'"gallery_post"."id" IN (SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s)', [" AND ".join(asked)]


def index_posts(pks: Sequence[int], using: str = DEFAULT_DB_ALIAS) -> None:
    """Bring SQLite's index in line with these posts, after their words or facets were written; PostgreSQL's follows
    by itself."""
    if connections[using].vendor == "postgresql" or not pks:
        return
    marks = ", ".join(["%s"] * len(pks))
    with connections[using].cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE rowid IN ({marks})", list(pks))  # noqa: S608
        columns = f"INSERT INTO {TABLE} (rowid, words, facets) SELECT id, search_words, facets FROM gallery_post"
        cursor.execute(f"{columns} WHERE id IN ({marks})", list(pks))
