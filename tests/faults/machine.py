"""A machine that may be hurt: GPU workers and a house worker with beat, each a process of its own to be killed."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from tests.forking import Process
from tests.journeys.site import WEB, Site
from tests.plugin import free_port

CELERY = ("celery", "--quiet", "-A", "config", "worker", "-P", "threads", "--without-gossip", "--without-mingle")


class Machine(Site):
    """Starts nothing by itself. Its database, broker and folder are the test's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"http://localhost:{self.port}"
        self.env = {**os.environ, **self.own_settings(), "OMP_NUM_THREADS": "1"}
        self.processes = []

    def gpu_worker(self, name: str = "gpu", starter: str = CELERY[0], slots: int = 8, fresh: bool = False) -> Process:
        """`starter` stands in for Celery: a module that hurts the process before it becomes a worker."""
        command = (starter, *CELERY[1:], "-c", str(slots), "-Q", "gpu", "-n", self.named(name))
        process = self.start(name, *command, fresh=fresh)
        self.processes.append(process)
        return process

    def house_worker(self) -> Process:
        """Beat and what it asks for, as on the platform: this recovers the queue every 15 s."""
        process = self.start("house", *CELERY, "-c", "1", "-Q", "default", "-B", "-n", self.named("house"))
        self.processes.append(process)
        return process

    def hold_still(self, process: Process) -> None:
        """Stop it until SIGCONT, at a moment in which it does not hold SQLite's lock."""
        while True:
            os.kill(process.pid, signal.SIGSTOP)
            with closing(sqlite3.connect(self.folder / "tempera.sqlite3", timeout=1)) as line:
                try:
                    line.execute("BEGIN IMMEDIATE")
                    return
                except sqlite3.OperationalError:
                    os.kill(process.pid, signal.SIGCONT)
            time.sleep(0.1)

    def web(self) -> Process:
        """The web process, once it answers."""
        process = self.start("web", *WEB, str(self.port), "config.asgi:application")
        self.processes.append(process)
        self.until(self.page_answers, 240)
        return process

    def page_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/status/", timeout=20) as page:
                return bool(page.status == 200)
        except OSError:
            return False

    def named(self, name: str) -> str:
        return f"{name}-{self.port}@{socket.gethostname()}"

    def until_up(self, *names: str) -> None:
        for name in names:
            self.until(partial(self.takes_messages, name, self.named(name)), 240)

    def until(self, happened: Callable[[], bool], seconds: float) -> float:
        """Wait until it happened; the seconds that it took."""
        begin = time.monotonic()
        while not happened():
            assert time.monotonic() < begin + seconds, f"It did not happen within {seconds} s.\n{self.logs()}"
            time.sleep(0.1)
        return time.monotonic() - begin

    def kill(self, process: Process) -> None:
        """As the kernel does when memory runs out: no goodbye."""
        process.kill()
        process.wait()
        self.processes.remove(process)
