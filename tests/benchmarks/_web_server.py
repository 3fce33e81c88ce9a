"""A site of its own for a benchmark: a fresh data folder, a broker, and the web server as the platform starts it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.plugin import Broker, free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def site(**settings: str) -> Iterator[Path]:
    """The environment of a site in a folder that is given, and gone afterwards; before Django is set up."""
    with tempfile.TemporaryDirectory(prefix="tempera-benchmark-") as name:
        folder = Path(name)
        broker = Broker(folder)
        os.environ.update(
            DATA_DIR=str(folder / "data"),
            PORT=str(free_port()),
            REDIS_URL=f"redis://127.0.0.1:{broker.port}/0",
            LOG_LEVEL="ERROR",
            **settings,
        )
        try:
            yield folder
        finally:
            broker.clean_up()


def row(what: str, value: float, unit: str, goal: str = "", holds: bool | None = None) -> dict[str, Any]:
    return {"what": what, "value": round(value, 4), "unit": unit, "goal": goal, "holds": holds}


@contextmanager
def web_server(folder: Path, port: int) -> Iterator[psutil.Process]:
    from config.platform.processes import web

    with (folder / "web.log").open("wb") as log:
        part = web()
        _, _, _, *arguments = part.argv
        argv = [sys.executable, "-m", "tests.benchmarks._loop_lag", str(folder / "lags"), *arguments]
        process = subprocess.Popen(argv, cwd=ROOT, env={**os.environ, **part.env}, stdout=log, stderr=log)
        try:
            wait_for(port, 120)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(30)
