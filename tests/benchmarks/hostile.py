"""What one hostile request does to everybody else: how long `/healthz` is not answered, and what memory it leaves.

The web server is the true one, started as the platform starts it, on a fresh data folder. `/healthz` is asked for all
the while from another process. A row's value is the longest wait while the request was served and for a second more.
Within the server its event loop tells how late it came to what was due: it waits for no view, only for what it does
itself and for its turn among the threads.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks._web_server import ROOT, row, site, web_server

LONGEST_WAIT = 0.3
LONGEST_LAG = 0.05
KEPT_MEMORY = 1.1
AFTERWARDS_SECONDS = 1.0
QUIET_SECONDS = 10
"""How long memory has time to go back; threads that were busy give it back when their request is closed."""
MIB = 2**20


def run() -> list[dict[str, Any]]:
    # No limit of requests stands between the server and this visitor.
    with site(STATIC_SOURCES="on", API_RATE="100000/min", API_RATE_ANONYMOUS="100000/min") as folder:
        return list(measured(folder))


def measured(folder: Path) -> Iterator[dict[str, Any]]:
    import django

    django.setup()
    from django.conf import settings

    from tests.benchmarks._hostile_requests import Stranger, requests

    stranger = Stranger.settled(settings.PORT)
    with web_server(folder, settings.PORT) as server, Watch(settings.PORT) as watch:
        for _ in range(2):
            stranger.warm_up()
        time.sleep(AFTERWARDS_SECONDS)
        first = server.memory_info().rss
        worst, worst_lag, quiet = 0.0, 0.0, watch.longest_since(time.time() - AFTERWARDS_SECONDS)
        yield row("nothing but /healthz itself", quiet, "s")
        for name, send in requests():
            before, began = server.memory_info().rss, time.time()
            with Peak(server) as peak:
                status = send(stranger)
                took = time.time() - began
                time.sleep(AFTERWARDS_SECONDS)
            wait, after = watch.longest_since(began), settled_memory(server, before)
            worst, worst_lag = max(worst, wait), max(worst_lag, lag := longest_lag(folder, began))
            told = f"{name}: {status} after {took:.1f} s, {(peak.most - before) / MIB:.0f} MiB at its height"
            yield row(told, wait, "s", f"under {LONGEST_WAIT}", wait < LONGEST_WAIT)
            if lag >= LONGEST_LAG:
                yield row(f"{name}: wait of the event loop", lag, "s", f"under {LONGEST_LAG}", holds=False)
            if after > before * KEPT_MEMORY:
                yield row(f"{name}: memory afterwards", after / before, "times", f"at most {KEPT_MEMORY}", holds=False)
            if status.startswith("5") and status not in ("503", "507"):
                yield row(f"{name}: status", float(status), "", "no 5xx", holds=False)
        left = settled_memory(server, first) / first
    yield row("longest wait under any request", worst, "s", f"under {LONGEST_WAIT}", worst < LONGEST_WAIT)
    yield row("longest wait of the event loop", worst_lag, "s", f"under {LONGEST_LAG}", worst_lag < LONGEST_LAG)
    yield row("memory after all of them", left, "times", f"at most {KEPT_MEMORY}", left <= KEPT_MEMORY)


def longest_lag(folder: Path, began: float) -> float:
    lags = (map(float, line.split()) for line in (folder / "lags").read_text().splitlines())
    return max((seconds for at, seconds in lags if at >= began), default=0.0)


class Watch:
    """The waits for `/healthz`, as another process measures them."""

    def __init__(self, port: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks._healthz", str(port)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        self.waits: list[tuple[float, float]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            asked, took = map(float, line.split())
            self.waits.append((asked, took))

    def longest_since(self, began: float) -> float:
        """Among the answers that came after `began`; one that is still waited for is waited for."""
        count, deadline = len(self.waits), time.monotonic() + 120
        while len(self.waits) < count + 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        return max(took for asked, took in self.waits if asked + took >= began)

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)


class Peak:
    """The most resident memory of a process, looked at every few milliseconds."""

    def __init__(self, process: psutil.Process) -> None:
        self.process, self.most, self.ends = process, 0, threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self.ends.wait(0.02):
            self.most = max(self.most, self.process.memory_info().rss)

    def __enter__(self) -> Peak:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ends.set()
        self.thread.join()


def settled_memory(server: psutil.Process, before: int) -> int:
    """Resident memory once it is back where it was, or as it is after some time."""
    deadline = time.monotonic() + QUIET_SECONDS
    while (now := int(server.memory_info().rss)) > before * KEPT_MEMORY and time.monotonic() < deadline:
        time.sleep(0.1)
    return now
