"""What the whole site costs while nobody asks for anything: `make run`'s processes, the bundled checkpoint loaded."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks._web_server import row
from tests.benchmarks.platform import Visitor, site

SETTLING_SECONDS = 20
MEASURED_SECONDS = 60
MOST_PERCENT, MOST_GB = 2.0, 1.6


def idle() -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="tempera-benchmark-") as folder, site(Path(folder)) as port:
        visitor = Visitor(port)
        visitor.picture(0)
        visitor.line.close()
        time.sleep(SETTLING_SECONDS)
        processes = parts_of(platform())
        before, began = {each: seconds_of(each) for each in processes}, time.monotonic()
        time.sleep(MEASURED_SECONDS)
        taken = time.monotonic() - began
        shares = {each: 100 * (seconds_of(each) - before[each]) / taken for each in processes}
        sizes = {each: each.memory_full_info() for each in processes}
    for each, name in processes.items():
        yield row(f"idle, {name}: of one core", shares[each], "%")
        yield row(f"idle, {name}: resident", sizes[each].rss / 1e9, "GB")
    percent, resident = sum(shares.values()), sum(size.rss for size in sizes.values()) / 1e9
    yield row("idle, all processes: of one core", percent, "%", f"under {MOST_PERCENT:g}", percent < MOST_PERCENT)
    yield row("idle, all processes: resident", resident, "GB", f"under {MOST_GB:g}", resident < MOST_GB)
    shared = sum(size.pss for size in sizes.values()) / 1e9
    yield row("idle, all processes: resident, shared pages counted once", shared, "GB")


def platform() -> psutil.Process:
    """The one that `site` has started."""
    return next(each for each in psutil.Process().children() if "platform" in each.cmdline())


def parts_of(supervisor: psutil.Process) -> dict[psutil.Process, str]:
    """All processes of the site, each by a word that tells which it is."""
    words = {
        "daphne": "web",
        "valkey-server": "valkey",
        "config.beat": "beat",
        " gpu@": "gpu worker",
        " default@": "worker",
    }
    names = {supervisor: "supervisor"}
    for child in supervisor.children(recursive=True):
        line = " ".join(child.cmdline())
        names[child] = next((name for word, name in words.items() if word in line), line[:40])
    return names


def seconds_of(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0
