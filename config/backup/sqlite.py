"""Rows of a site on SQLite: `VACUUM INTO`, which reads one moment of a file in WAL mode and holds no writer up."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connections

from config.backup.refused import Refused
from generation.storage.files import sync_folder

WAIT_SECONDS = 60
"""For a moment in which the file can be read: a checkpoint may hold it."""


class Sqlite:
    name = "sqlite"
    member = "database.sqlite3"

    def __init__(self, path: Path) -> None:
        self.path = path

    def version(self) -> str:
        return sqlite3.sqlite_version

    def dump(self, target: Path) -> None:
        if not self.path.exists():
            raise Refused(f"There is no database at {self.path} yet; start Tempera once, or look at DATA_DIR.")
        try:
            with closing(sqlite3.connect(self.path, timeout=WAIT_SECONDS, isolation_level=None)) as source:
                source.execute("VACUUM INTO ?", (str(target),))
        except sqlite3.Error as error:
            raise Refused(f"SQLite could not copy {self.path}: {error}.") from error
        check_whole(target)

    def check_empty(self) -> None:
        if not self.path.exists():
            return
        try:
            with closing(sqlite3.connect(self.path, timeout=WAIT_SECONDS)) as line:
                tables = line.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        except sqlite3.Error as error:
            raise Refused(f"What lies at {self.path} is no database that can be read: {error}.") from error
        if tables:
            raise Refused(
                f"There is a database at {self.path} already. A backup is restored into an empty place: stop Tempera "
                "and move that file away, or set DATA_DIR to a new folder."
            )

    def check_loads(self, version: str) -> None:
        """Every SQLite 3 reads the files of every other."""

    def load(self, source: Path) -> None:
        check_whole(source)
        connections.close_all()
        part = self.path.with_name(f".part-{self.path.name}")
        try:
            with (
                source.open("rb") as file,
                open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as to,
            ):
                while piece := file.read(2**20):
                    to.write(piece)
                to.flush()
                os.fsync(to.fileno())
            # Of an empty database that was opened here; to the new one they would be another's.
            for end in ("-wal", "-shm"):
                self.path.with_name(self.path.name + end).unlink(missing_ok=True)
            os.replace(part, self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise Refused(f"The database could not be written to {self.path}: {error.strerror or error}.") from error
        finally:
            part.unlink(missing_ok=True)


def check_whole(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as line:
            said = line.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        said = str(error)
    if said != "ok":
        raise Refused(f"The copied database is damaged ({said}); run `PRAGMA integrity_check` on the site's own.")
