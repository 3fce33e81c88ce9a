"""The queue: how fast the fairest job is found, how fair the order is, and what it takes to be killed.

`order` is measured on a fresh SQLite file and on a PostgreSQL of its own; the database is settled when Django starts,
so each is measured in a process of its own (`_queue_on`). `faults` runs the tests of faults (`_faults`); it takes a
quarter of an hour.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.benchmarks import _faults
from tests.postgres import postgres

Rows = list[dict[str, Any]]


def run(only: str | None = None) -> Rows:
    """Every figure, or those of one of SECTIONS."""
    return [row for section, measure in SECTIONS.items() if only in (None, section) for row in measure()]


def order() -> Rows:
    return [row for settings in databases() for row in measured(settings)]


def databases() -> Iterator[dict[str, str]]:
    """The settings that name each database, while it is there."""
    with tempfile.TemporaryDirectory(prefix="tempera-queue-") as folder:
        yield {"DATA_DIR": folder, "DATABASE_URL": ""}
        with postgres() as url:
            yield {"DATA_DIR": folder, "DATABASE_URL": url}


def measured(settings: dict[str, str]) -> Rows:
    command = [sys.executable, "-m", "tests.benchmarks._queue_on"]
    done = subprocess.run(command, env={**os.environ, **settings}, check=True, stdout=subprocess.PIPE)
    rows: Rows = json.loads(done.stdout)
    return rows


SECTIONS: Mapping[str, Callable[[], Rows]] = {"order": order, "faults": _faults.run}
