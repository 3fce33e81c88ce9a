"""Processes that run a module as `python -m` does, forked from one that has loaded the large libraries already.

A worker takes ten seconds of one core to import torch and diffusers, and the tests start a hundred of them. None of the
loaded modules reads settings, so a process still takes its own from its environment. `python -m tests.forking FD` is
the process that forks: asked over a socket, it ends with whoever asks.
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
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Lock
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
    "django.core.management",
    "django.db.models",
)
REQUEST_BYTES = 2**20
one_at_a_time = Lock()


class Forked:
    """What tests use of a `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = asked({"poll": self.pid})
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


def fork(module: str, *arguments: str, cwd: Path, env: Mapping[str, str], output: int, errors: int) -> Forked:
    """Run a module in a process of its own; `output` and `errors` are open files."""
    request = {"module": module, "arguments": arguments, "cwd": str(cwd), "env": dict(env)}
    pid = asked(request, output, errors)
    assert pid is not None
    return Forked(pid)


@cache
def forker() -> socket.socket:
    """The line to the process that forks, which this one starts with the first request."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        process = subprocess.Popen([sys.executable, "-m", "tests.forking", str(number)], pass_fds=[number])
    atexit.register(process.wait, 10)
    atexit.register(ours.close)
    return ours


def asked(request: Mapping[str, object], *files: int) -> int | None:
    with one_at_a_time:
        line = forker()
        socket.send_fds(line, [json.dumps(request).encode()], list(files))
        answer: int | None = json.loads(line.recv(64))
    return answer


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
            become(files, **request)
            return
        for file in files:
            os.close(file)
        line.send(json.dumps(answer).encode())


def exit_code(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def become(files: list[int], module: str, arguments: list[str], cwd: str, env: dict[str, str]) -> None:
    for number, file in enumerate(files, start=1):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = [module, *arguments]
    sys.path[0] = cwd
    time.tzset()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def main() -> None:
    line = socket.socket(fileno=int(sys.argv[1]))
    for module in LOADED:
        importlib.import_module(module)
    # What is loaded stays shared between all of them.
    gc.collect()
    gc.freeze()
    with contextlib.suppress(KeyboardInterrupt):
        serve(line)


if __name__ == "__main__":
    main()
