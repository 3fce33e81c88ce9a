"""How fast the fairest job is found and how fair the order is: on a fresh SQLite file, and on a PostgreSQL of its own.

The database is settled when Django starts, so each is measured in a process of its own (`_queue_on`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from tests.postgres import postgres


def run() -> list[dict[str, Any]]:
    return [row for settings in databases() for row in measured(settings)]


def databases() -> Iterator[dict[str, str]]:
    """The settings that name each database, while it is there."""
    with tempfile.TemporaryDirectory(prefix="tempera-queue-") as folder:
        yield {"DATA_DIR": folder, "DATABASE_URL": ""}
        with postgres() as url:
            yield {"DATA_DIR": folder, "DATABASE_URL": url}


def measured(settings: dict[str, str]) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.benchmarks._queue_on"]
    done = subprocess.run(command, env={**os.environ, **settings}, check=True, stdout=subprocess.PIPE)
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows
