"""Processes that run a module as `python -m` does, forked from one that has loaded what they need.

A worker takes ten seconds of one core to import torch and diffusers, and three more for Django and the site's code; the
tests start two hundred of them. `python -m tests.forking FD` is the process that forks: asked over a socket, it ends
with whoever asks. None of the modules that it has loaded reads settings, so a child still takes its own from its
environment. For several processes with the same settings it forks one that loads the site's code and forks them.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import TypeAlias

LOADED = (
    "generation.engine.renderer",
    "generation.engine.training.trainer",
    "celery.apps.worker",
    "celery.bin.celery",
    "kombu.transport.redis",
    "scipy.stats",
    "c2pa",
    "channels_redis.pubsub",
    "daphne.endpoints",
    "daphne.http_protocol",
    "daphne.ws_protocol",
    "twisted.internet.endpoints",
    "django.core.management",
    "django.db.models",
)
SITE = (
    "accounts.tasks",
    "config.celery",
    "config.tasks",
    "config.urls",
    "gallery.tasks",
    "generation.tasks",
    "generation.web.live.routing",
    "generation.worker.drawing",
    "generation.worker.training",
)
REQUEST_BYTES = 2**20


class Forker:
    """The line to a process that forks others. It ends when the line is closed."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._one_at_a_time = Lock()

    def fork(self, module: str, *arguments: str, cwd: Path, env: Mapping[str, str], output: int, errors: int) -> Forked:
        """Run a module in a process of its own; `output` and `errors` are open files."""
        request = {"module": module, "arguments": arguments, "cwd": str(cwd), "env": dict(env)}
        return self._forked(request, output, errors)

    def with_site(self, cwd: Path, env: Mapping[str, str]) -> SiteForker:
        """A process that has loaded the site's code under these settings."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = self._forked({"cwd": str(cwd), "env": dict(env)}, theirs.fileno())
        return SiteForker(ours, process)

    def asked(self, request: Mapping[str, object], *files: int) -> int | None:
        with self._one_at_a_time:
            socket.send_fds(self._line, [json.dumps(request).encode()], list(files))
            answer: int | None = json.loads(self._line.recv(64))
        return answer

    def close(self) -> None:
        self._line.close()

    def _forked(self, request: Mapping[str, object], *files: int) -> Forked:
        pid = self.asked(request, *files)
        assert pid is not None
        return Forked(self, pid)


class SiteForker(Forker):
    """One that was forked itself."""

    def __init__(self, line: socket.socket, process: Forked) -> None:
        super().__init__(line)
        self._process = process

    def close(self) -> None:
        super().close()
        self._process.wait(10)


class Forked:
    """What tests use of a `subprocess.Popen`."""

    def __init__(self, forker: Forker, pid: int) -> None:
        self._forker = forker
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._forker.asked({"poll": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        until = time.monotonic() + (timeout or 0)
        while (code := self.poll()) is None:
            if timeout is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.02)
        return code

    def send_signal(self, number: int) -> None:
        # Its number is its own until the answer to `poll` says that it has ended.
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


Process: TypeAlias = Forked | subprocess.Popen[bytes]


@cache
def forker() -> Forker:
    """The process that forks, which this one starts when it is first wanted."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        process = subprocess.Popen([sys.executable, "-m", "tests.forking", str(number)], pass_fds=[number])
    atexit.register(process.wait, 10)
    atexit.register(ours.close)
    return Forker(ours)


def run(
    module: str, *arguments: str, cwd: Path, env: Mapping[str, str], timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a module to its end and collect what it says."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = forker().fork(module, *arguments, cwd=cwd, env=env, output=output.fileno(), errors=errors.fileno())
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        output.seek(0), errors.seek(0)
        return subprocess.CompletedProcess((module, *arguments), code, output.read(), errors.read())


def serve(line: socket.socket) -> None:
    """Answer until nobody asks any more; in a child, return when its module has ended."""
    while True:
        data, files, _, _ = socket.recv_fds(line, REQUEST_BYTES, 2)
        if not data:
            return
        request = json.loads(data)
        if "poll" in request:
            answer: int | None = exit_code(request["poll"])
        elif (answer := os.fork()) == 0:
            line.close()
            enter(request["cwd"], request["env"])
            if "module" in request:
                become(files, request["module"], request["arguments"])
            else:
                load_site()
                serve(socket.socket(fileno=files[0]))
            return
        for file in files:
            os.close(file)
        line.send(json.dumps(answer).encode())


def exit_code(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def enter(cwd: str, env: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.path[0] = cwd
    time.tzset()


def become(files: list[int], module: str, arguments: list[str]) -> None:
    for number, file in enumerate(files, start=1):
        os.dup2(file, number)
        os.close(file)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def load(*modules: str) -> None:
    """What is loaded stays shared between all that are forked. No event loop is: its files would be shared too."""
    for module in modules:
        importlib.import_module(module)
    assert "twisted.internet.reactor" not in sys.modules
    gc.collect()
    gc.freeze()


def load_site() -> None:
    import django
    from django.db import connections

    # One of the apps imports it, and with it comes an event loop: each child takes its own.
    sys.modules["daphne.server"] = ModuleType("daphne.server")
    django.setup()
    load(*SITE)
    del sys.modules["daphne.server"]
    connections.close_all()


def main() -> None:
    line = socket.socket(fileno=int(sys.argv[1]))
    load(*LOADED)
    with contextlib.suppress(KeyboardInterrupt):
        serve(line)


if __name__ == "__main__":
    main()
