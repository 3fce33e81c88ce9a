"""Millions of rows into a database in minutes: what differs goes into a table of its own, the database adds the rest.

On PostgreSQL indexes are made after the rows, foreign keys are not looked up, and nothing waits for the disk; figures
of reading do not know the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, models

BATCH = 5000
KINDS = {"postgresql": "timestamptz", "sqlite": "datetime"}
Columns = Mapping[str, str]


def stage(name: str, columns: Columns, rows: Iterable[Sequence[Any]]) -> None:
    """A table of these columns (name -> `bigint`, `text`, `float`, `bool` or `time`) with these rows. Texts hold
    neither tabs nor line ends nor backslashes."""
    kinds = {"float": "double precision", "bool": "boolean", "time": KINDS[connection.vendor]}
    described = ", ".join(f"{column} {kinds.get(kind, kind)}" for column, kind in columns.items())
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
        unlogged = "UNLOGGED " if connection.vendor == "postgresql" else ""
        cursor.execute(f"CREATE {unlogged}TABLE {name} ({described})")
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {name} FROM STDIN") as copy:
                for batch in batched(rows):
                    copy.write("".join(map(line, batch)))
            cursor.execute(f"ANALYZE {name}")
        else:
            marks = ", ".join(["%s"] * len(columns))
            for batch in batched(rows):
                cursor.executemany(f"INSERT INTO {name} VALUES ({marks})", [list(map(adapted, row)) for row in batch])  # noqa: S608


def line(row: Sequence[Any]) -> str:
    return "\t".join("\\N" if value is None else str(value) for value in row) + "\n"


def adapted(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def batched(rows: Iterable[Any]) -> Iterator[list[Any]]:
    each = iter(rows)
    while batch := list(islice(each, BATCH)):
        yield batch


def insert(like: models.Model, values: Columns, source: str) -> None:
    """A row of `like`'s table for each of `source` (what stands behind FROM): the columns of `values` are these SQL
    expressions, all others as `like` has them."""
    fields = [field for field in like._meta.concrete_fields if not field.primary_key or field.column in values]
    given = [field for field in fields if field.column not in values]
    columns = ", ".join([*values, *(str(field.column) for field in given)])
    selected = ", ".join([*(value.replace("%", "%%") for value in values.values()), *["%s"] * len(given)])
    params = [field.get_db_prep_save(field.pre_save(like, True), connection) for field in given]
    sql = f"INSERT INTO {like._meta.db_table} ({columns}) SELECT {selected} FROM {source.replace('%', '%%')}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


@contextmanager
def unhindered(*models_written: type[models.Model]) -> Iterator[None]:
    """Rows of these models are written quickly inside."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        for setting in ("fsync = off", "full_page_writes = off", "max_wal_size = '8GB'", "autovacuum = off"):
            cursor.execute(f"ALTER SYSTEM SET {setting}")
        cursor.execute("SELECT pg_reload_conf()")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND NOT EXISTS"
            " (SELECT FROM pg_constraint WHERE conname = indexname)",
            [[model._meta.db_table for model in models_written]],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("SET session_replication_role = DEFAULT")
        for setting in ("fsync", "full_page_writes", "max_wal_size", "autovacuum"):
            cursor.execute(f"ALTER SYSTEM RESET {setting}")
        cursor.execute("SELECT pg_reload_conf()")
