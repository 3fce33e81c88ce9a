"""Numbers and texts that are read with a row instead of after it, so that a page asks the database once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, IntegerField, QuerySet, Subquery, TextField, Value
from django.db.models.sql.compiler import SQLCompiler


class CountOf(Subquery):
    """How many rows a queryset has, or a slice of it: a slice bounds what is read."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any, Any]) -> None:
        super().__init__(rows.order_by().values("pk") if not rows.query.is_sliced else rows.values("pk"))


def counts_of(several: Mapping[str, QuerySet[Any, Any]]) -> dict[str, int]:
    """How many rows each of these querysets, or slices of them, has. One query."""
    keys = {key: [rows.values("pk")] for key, rows in several.items()}
    return _in_one_row(keys, "(SELECT COUNT(*) FROM ({}) counted)", 0)


def first_values(several: Mapping[str, Sequence[QuerySet[Any, Any]]]) -> dict[str, Any]:
    """Of each key's querysets, which name one column and are cut to one row, the first value that there is, else None.
    One query, in which a later queryset is not asked where an earlier one has a row."""
    return _in_one_row(several, "({})", None)


def _in_one_row(several: Mapping[str, Sequence[QuerySet[Any, Any]]], template: str, empty: Any) -> dict[str, Any]:
    parts, params = {}, list[Any]()
    for key, choices in several.items():
        told = []
        for rows in choices:
            with suppress(EmptyResultSet):
                sql, given = rows.query.sql_with_params()
                told.append(template.format(sql))
                params += given
        if told:
            # Of one alone, no function may be made.
            parts[key] = f"COALESCE({', '.join(told)})" if len(told) > 1 else told[0]
    if not parts:
        return dict.fromkeys(several, empty)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts.values())}", params)
        return dict.fromkeys(several, empty) | dict(zip(parts, cursor.fetchone(), strict=True))


class Lines(Aggregate):
    """The texts of a group, one on each line, in any order."""

    function = "GROUP_CONCAT"
    name = "Lines"
    output_field = TextField()

    def __init__(self, text: str) -> None:
        super().__init__(text, Value("\n"))

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        return self.as_sql(compiler, connection, function="STRING_AGG")
