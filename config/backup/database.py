"""Which tool copies the rows: the one of the engine that this site runs on."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from django.db import connection

from config.backup.postgres import Postgres
from config.backup.refused import Refused
from config.backup.sqlite import Sqlite


class Engine(Protocol):
    name: str
    member: str
    """What the copy is called inside a backup."""

    def version(self) -> str: ...

    def dump(self, target: Path) -> None:
        """All rows as they are at one moment, while others write. Raises Refused."""

    def check_empty(self) -> None:
        """Raises Refused where there are tables already."""

    def check_loads(self, version: str) -> None:
        """Raises Refused where a copy made by this version of the engine cannot be read here."""

    def load(self, source: Path) -> None:
        """Raises Refused; the database then is as empty as before."""


def engine() -> Engine:
    if connection.vendor == "sqlite":
        return Sqlite(Path(connection.settings_dict["NAME"]))
    if connection.vendor == "postgresql":
        return Postgres()
    raise Refused(f"A backup is made of SQLite or PostgreSQL; this site's database is {connection.vendor}.")
