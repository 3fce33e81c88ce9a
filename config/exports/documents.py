"""What a copy is made of: JSON lists and files. Which there are, `contents` says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Any

from django.db.models import F, Model, QuerySet

from accounts.models import User

ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON list: what it is called, what it holds (a sentence for its reader), and its rows for a person."""

    name: str
    about: str
    rows: Callable[[User], Iterable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file, by its name in the copy; `open` raises FileNotFoundError where it is gone."""

    name: str
    open: Callable[[], IO[bytes]]


def table(model: type[Model], owner: str, *fields: str, **renamed: str) -> Callable[[User], Iterable[dict[str, Any]]]:
    """The rows of a model whose `owner` is the person, with these fields, in the order in which they were made."""

    def rows(user: User) -> Iterable[dict[str, Any]]:
        query: QuerySet[Any] = model._default_manager.filter(**{owner: user}).order_by("pk")
        columns = {name: F(path) for name, path in renamed.items()}
        return query.values(*fields, **columns).iterator(chunk_size=ROWS_AT_ONCE)

    return rows
