"""How fast near-duplicates and blocked pictures are found among 10,000 and 1,000,000, on SQLite and on PostgreSQL.

FINGERPRINT_ROWS names other sizes (`10000,1000000`). The hashes are drawn: for each bit that some pictures share, as
true ones do, a family of variants lies around every hundredth hash.
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
SIZES = "10000,1000000"


def run() -> Rows:
    sizes = [size.strip() for size in os.environ.get("FINGERPRINT_ROWS", SIZES).split(",")]
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="tempera-fingerprints-") as folder:
            rows += measured({"DATA_DIR": folder, "DATABASE_URL": ""}, size)
        with tempfile.TemporaryDirectory(prefix="tempera-fingerprints-") as folder, postgres() as url:
            rows += measured({"DATA_DIR": folder, "DATABASE_URL": url}, size)
    return rows


def measured(settings: dict[str, str], size: str) -> Rows:
    command = [sys.executable, "-m", "tests.benchmarks._fingerprints_on", size]
    done = subprocess.run(command, env={**os.environ, **settings}, check=True, stdout=subprocess.PIPE)
    rows: Rows = json.loads(done.stdout)
    return rows
