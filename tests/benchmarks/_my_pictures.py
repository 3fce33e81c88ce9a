"""“My pictures” of one person with 10,000: the page, its filters, pages far back, beside people with 600 and 10.

Measured on a fresh SQLite file and on a PostgreSQL of its own; the database is settled when Django starts, so each is
measured in a process of its own (`_pictures_on`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

from tests.postgres import postgres

Rows = list[dict[str, Any]]


def on_sqlite() -> Rows:
    return measured("")


def on_postgresql() -> Rows:
    with postgres() as url:
        return measured(url)


def measured(url: str) -> Rows:
    command = [sys.executable, "-m", "tests.benchmarks._pictures_on"]
    settings = {"DATABASE_URL": url, "STATIC_SOURCES": "on", "LOG_LEVEL": "ERROR"}
    limits = {"PAGE_RATE": "1000000/min", "PAGE_RATE_ANONYMOUS": "1000000/min"}
    with tempfile.TemporaryDirectory(prefix="tempera-pictures-") as folder:
        environment = {**os.environ, **settings, **limits, "DATA_DIR": folder}
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    rows: Rows = json.loads(done.stdout)
    return rows
