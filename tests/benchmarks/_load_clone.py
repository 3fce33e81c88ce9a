"""From `git clone` to a site that is ready, with all packages in pip's cache: this commit against one of before.

Both are cloned anew each time and started by `make run` with a virtual environment of their own. They alternate, after
one clone of this commit that is not counted: it fills the cache.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks._web_server import ROOT, row
from tests.plugin import free_port

BEFORE = "89399747"
ROUNDS = 2
MOST_TIMES = 1.1
PATIENCE_SECONDS = 1200
READY = b"is ready"


def clone() -> Iterator[dict[str, Any]]:
    now = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=ROOT, text=True).strip()
    if subprocess.run(["git", "cat-file", "-e", f"{BEFORE}^{{commit}}"], cwd=ROOT, check=False).returncode:
        yield row(f"clone to ready: this clone has no commit {BEFORE} to compare with", 0, "")
        return
    seconds_to_ready(now)
    pairs = [(seconds_to_ready(BEFORE), seconds_to_ready(now)) for _ in range(ROUNDS)]
    ratio = median(after / before for before, after in pairs)
    yield row(f"clone to ready, commit {BEFORE}", median(before for before, _ in pairs), "s")
    yield row("clone to ready, this commit", median(after for _, after in pairs), "s")
    yield row("clone to ready, over that of before", ratio, "times", f"at most {MOST_TIMES}", ratio <= MOST_TIMES)


def seconds_to_ready(commit: str) -> float:
    with tempfile.TemporaryDirectory(prefix="tempera-clone-", ignore_cleanup_errors=True) as name:
        tree, log = Path(name) / "tempera", Path(name) / "run.log"
        began = time.monotonic()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(tree)], check=True)
        subprocess.run(["git", "checkout", "--quiet", "--detach", commit], cwd=tree, check=True)
        # Without the last one both keep bytecode, as for somebody new; today's Makefile does so anyway.
        ours = {"DATA_DIR", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PYTHONDONTWRITEBYTECODE"}
        clean = {key: value for key, value in os.environ.items() if key not in ours}
        env = {**clean, "PORT": str(free_port()), "VALKEY_PORT": str(free_port())}
        with log.open("wb") as file:
            process = subprocess.Popen(
                ["make", "run"], cwd=tree, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
        try:
            while READY not in log.read_bytes():
                if process.poll() is not None or time.monotonic() > began + PATIENCE_SECONDS:
                    raise RuntimeError(f"The site did not start:\n{log.read_text()}")
                time.sleep(0.2)
            return time.monotonic() - began
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
