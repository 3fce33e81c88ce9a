"""An early pytest plugin: a broker and a data folder of this session's own, named before the settings are read.

pytest-django imports the settings before any conftest.py, so this must be loaded with `-p` (see pyproject.toml).
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from functools import cache
from pathlib import Path

import pytest

from config.platform.broker import valkey_binary
from config.platform.supervision import DIE_WITH_PARENT


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    prepare()
    return (yield)


def pytest_collection_finish() -> None:
    """What is loaded by now stays for the whole session: looking through it for garbage took a tenth of all tests."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests were tried again (see `.ci/run`), which, and what went wrong: each has a fault to be found."""
    if not terminalreporter.config.getoption("reruns", None):
        return
    failed = terminalreporter.getreports("rerun")
    terminalreporter.section(f"reruns: {len(failed)}")
    for report in sorted(failed, key=lambda report: report.nodeid):
        terminalreporter.write_line(f"{report.nodeid}, its {report.when}:")
        terminalreporter.write_line(report.longreprtext)


class Broker:
    """This session's Valkey. It keeps nothing on disk: killed and started again, it is empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.start()

    def start(self) -> None:
        server = [str(valkey_binary()), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        # Tied to us, for the time that somebody kills a test session.
        tied = [sys.executable, "-I", "-S", str(DIE_WITH_PARENT), str(os.getpid()), *server, "--dir", str(self.folder)]
        self.process = subprocess.Popen(tied, stdout=subprocess.DEVNULL)
        wait_for(self.port)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def clean_up(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


@cache
def broker() -> Broker:
    return Broker(Path(tempfile.mkdtemp(prefix="tempera-tests-")))


def prepare() -> None:
    """Start the broker and name it. A wrapper runs before pytest-django's own hook, which reads the settings."""
    atexit.register(broker().clean_up)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="config.settings",
        DATA_DIR=str(broker().folder / "data"),
        REDIS_URL=f"redis://127.0.0.1:{broker().port}/0",
        STATIC_SOURCES="on",
        # Tests ask faster than any person.
        PAGE_RATE="100000/min",
        PAGE_RATE_ANONYMOUS="100000/min",
        # Playwright's synchronous interface keeps an event loop running in the test's thread.
        DJANGO_ALLOW_ASYNC_UNSAFE="true",
    )
    for name in ("SITE_URL", "SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "SMTP_HOST", "S3_BUCKET"):
        os.environ.pop(name, None)


def free_port() -> int:
    """A port that nobody else is given while this process lives, for a server that starts in a while.

    It stays bound but is not listened on, so the server, which reuses addresses as all of them do, may bind it too.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    atexit.register(holder.close)
    return int(holder.getsockname()[1])


def wait_for(port: int, seconds: float = 10) -> None:
    """Return once something listens on `port` of this machine."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(f"Nothing answered on port {port} within {seconds} s.")
