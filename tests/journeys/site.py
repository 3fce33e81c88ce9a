"""The real thing for a browser: web server and worker as processes of their own, on the test database and broker."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from tests.architecture.sources import ROOT
from tests.forking import Process, SiteForker, forker
from tests.plugin import free_port

WEB = ("daphne", "-b", "127.0.0.1", "-v", "0", "-p")
WORKER = ("celery", "--quiet", "-A", "config", "worker", "-P", "threads", "-c", "8", "-Q", "gpu,training,default")


class Site:
    """A running site, or its web server alone. Its log of each process lies in `folder`, beside its data.

    `settings` are of the operator: names and values of the environment.
    """

    _forker: SiteForker | None = None

    def __init__(self, folder: Path, *, with_worker: bool = True, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"http://localhost:{self.port}"
        self.env = {**os.environ, **self.own_settings(), **settings}
        self.worker = f"journeys-{self.port}@{socket.gethostname()}"
        self.has_worker = with_worker
        self.processes = [self.start("web", *WEB, str(self.port), "config.asgi:application")]
        if with_worker:
            self.processes.append(
                self.start("worker", *WORKER, "-n", self.worker, "--without-gossip", "--without-mingle")
            )

    def own_settings(self) -> dict[str, str]:
        own = {
            "DATA_DIR": str(self.folder),
            "PORT": str(self.port),
            "REDIS_URL": settings.REDIS_URL,
            "SECRET_KEY": settings.SECRET_KEY,
            "STATIC_SOURCES": "on",
            "RENDER_THREADS": "1",
            # Celery has every worker make Django's checks, which take a second of one core.
            "CELERY_SKIP_CHECKS": "on",
        }
        database = connection.settings_dict
        if connection.vendor == "sqlite":
            # The site opens its usual file, which is this one: so it has its usual options too.
            (self.folder / "tempera.sqlite3").symlink_to(database["NAME"])
            return own
        # A server that is reached by a socket's folder may stand among the options.
        host, port = database["HOST"] or database["OPTIONS"].get("host", ""), database["PORT"] or ""
        login = f"{database['USER']}:{database['PASSWORD']}@" if database["USER"] else ""
        return {**own, "DATABASE_URL": f"postgres://{login}{host.replace('/', '%2F')}:{port}/{database['NAME']}"}

    def start(self, name: str, module: str, *arguments: str, fresh: bool = False) -> Process:
        """`python -m MODULE ARGUMENTS`; a `fresh` one has loaded nothing before its module begins."""
        with (self.folder / f"{name}.log").open("wb") as log:
            if fresh:
                command = [sys.executable, "-m", module, *arguments]
                return subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=subprocess.STDOUT)
            output = log.fileno()
            return self.forker.fork(module, *arguments, cwd=ROOT, env=self.env, output=output, errors=output)

    @property
    def forker(self) -> SiteForker:
        """Started with the first process: from then on `env` is as it is."""
        if self._forker is None:
            self._forker = forker().with_site(ROOT, self.env)
        return self._forker

    def until_ready(self, seconds: float = 600) -> None:
        deadline = time.monotonic() + seconds
        while not (self.answers() and (not self.has_worker or self.takes_messages("worker", self.worker))):
            assert all(process.poll() is None for process in self.processes), self.logs()
            assert time.monotonic() < deadline, f"The site did not answer in {seconds} s.\n{self.logs()}"
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def takes_messages(self, name: str, node: str) -> bool:
        """Whether Celery has said so in this process's log, which is after it loaded the engine.

        Not asked by a ping: its answer counts only within a time, and a late one is taken for that of the next ping.
        """
        return f"{node} ready." in (self.folder / f"{name}.log").read_text(errors="replace")

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._forker is not None:
            self._forker.close()


@contextmanager
def started(unblocked: AbstractContextManager[None], folder: Path, **options: Any) -> Iterator[Site]:
    """A site that answers, until the block ends. What makes it needs the database, for which `unblocked` lets it."""
    with unblocked:
        site = Site(folder, **options)
    try:
        site.until_ready()
        yield site
    finally:
        site.stop()
