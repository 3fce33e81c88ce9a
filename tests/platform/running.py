"""A platform started as a person starts it, in a data folder and on ports of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import psutil

from tests.architecture.sources import ROOT
from tests.plugin import free_port

NOT_OURS = {"REDIS_URL", "DATABASE_URL", "STATIC_SOURCES", "DJANGO_ALLOW_ASYNC_UNSAFE"}


class Platform:
    """`manage.py platform` as a child; `lines` is what it has printed so far."""

    def __init__(self, data: Path, **env: str) -> None:
        self.port = free_port()
        ports = {"PORT": str(self.port), "VALKEY_PORT": str(free_port()), "DATA_DIR": str(data)}
        clean = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        self.env = {**clean, **ports, **env}
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "platform"],
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                self.lines.append(line.rstrip())

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def until(self, word: str, seconds: float) -> None:
        """Wait for a line that holds `word`; fails with everything printed so far."""
        deadline = time.monotonic() + seconds
        while not any(word in line for line in self.lines):
            assert self.process.poll() is None, f"it ended before saying “{word}”:\n{self.said}"
            assert time.monotonic() < deadline, f"it did not say “{word}” within {seconds} s:\n{self.said}"
            time.sleep(0.05)

    def children(self) -> dict[str, psutil.Process]:
        """The processes of its parts by a word of their command line."""
        words = {"web": "daphne", "valkey": "valkey-server", "beat": "beat"}
        words |= {name: f" {name}@" for name in ("gpu", "gpu0", "gpu1", "default")}
        found = psutil.Process(self.process.pid).children(recursive=True)
        told = {child: " ".join(child.cmdline()) for child in found}
        return {name: child for name, word in words.items() for child, line in told.items() if word in line}

    def until_complete(self, names: set[str], seconds: float = 30) -> None:
        """Wait until each part has its process: the clock is started last."""
        deadline = time.monotonic() + seconds
        while (missing := names - set(self.children())) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not missing, f"these never started: {missing}\n{self.said}"

    def get(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return int(answer.status)

    def shell(self, code: str) -> None:
        """What an operator types into `manage.py shell` beside the running platform."""
        subprocess.run(
            [sys.executable, "manage.py", "shell", "-c", code], cwd=ROOT, env=self.env, check=True, timeout=120
        )

    def stop(self, number: int = signal.SIGINT) -> float:
        """Seconds that it took to leave."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
        self.reader.join(2)
        return time.monotonic() - began


def all_gone(processes: list[psutil.Process], seconds: float = 5) -> bool:
    """Whether every one of them ends within the time."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not alive
