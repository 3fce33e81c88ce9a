"""The table of processes that make the platform: their commands, how one knows that each works, and how they leave."""

from __future__ import annotations

import http.client
import socket
import sys
from collections.abc import Mapping
from functools import partial

import redis
from django.conf import settings
from kombu.exceptions import OperationalError

from config.celery import app
from config.platform.broker import valkey_binary
from config.platform.supervision import Part

CELERY = (sys.executable, "-m", "celery", "--quiet", "-A", "config")
# The grace of running pictures, and time to put back what did not end in it.
WORKER_STOP = settings.RENDERING.stop_grace_seconds + 2.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def valkey() -> Part:
    """The embedded broker: append-only file, so that queued messages survive even a SIGKILL. Password by file, not by
    command line, which every user of the machine can read.
    """
    config = settings.DATA_DIR / "valkey" / "valkey.conf"
    config.parent.mkdir(exist_ok=True)
    config.touch(mode=0o600)
    config.write_text(
        f'port {settings.VALKEY_PORT}\nbind 127.0.0.1\nrequirepass {settings.VALKEY_PASSWORD}\ndir "{config.parent}"\n'
        'save ""\nappendonly yes\nappendfsync everysec\nmaxmemory-policy noeviction\nloglevel warning\n'
    )
    return Part("valkey", (str(valkey_binary()), str(config)), stage=0, answers=broker_answers, stop_within=1.5)


def web() -> Part:
    argv = ("-m", "daphne", "-b", settings.BIND, "-p", str(settings.PORT), "-v", "0", "config.asgi:application")
    # The grace of answers under way, and time to leave.
    stop_within = settings.RENDERING.stop_grace_seconds + 1.0
    return Part("web", (sys.executable, *argv), stage=1, answers=web_answers, stop_within=stop_within)


def gpu_workers() -> list[Part]:
    """One a device; where there are several, each is named after its place in the list.

    How many threads it takes is told by its device, so it finds that out by itself (see `config.celery`).
    """
    devices = settings.RENDERING.devices
    names = ["gpu"] if len(devices) == 1 else [f"gpu{number}" for number in range(len(devices))]
    return [
        worker(name, "gpu,training", env={"RENDER_DEVICE": device}) for name, device in zip(names, devices, strict=True)
    ]


def worker(name: str, queues: str, threads: int | None = None, env: Mapping[str, str] | None = None) -> Part:
    """Threads and never processes: CUDA cannot be used in a forked one, and the engine batches across threads."""
    count = ("-c", str(threads)) if threads else ()
    argv = (*CELERY, "worker", "-P", "threads", *count, "-Q", queues, "-n", f"{name}@%h")
    quiet = ("--without-gossip", "--without-mingle", "-l", settings.LOG_LEVEL)
    answers = partial(worker_answers, name)
    return Part(name, (*argv, *quiet), stage=2, answers=answers, stop_within=WORKER_STOP, env=env or {})


def beat() -> Part:
    return Part("beat", (sys.executable, "-m", "config.beat"), stage=2, stop_within=WORKER_STOP)


def broker_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def web_answers() -> bool:
    connection = http.client.HTTPConnection(ANYWHERE.get(settings.BIND, settings.BIND), settings.PORT, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": settings.ALLOWED_HOSTS[0].lstrip(".")})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def worker_answers(name: str) -> bool:
    node = f"{name}@{socket.gethostname()}"
    try:
        # It returns with the first answer; a worker that is loading torch on a busy machine takes its time.
        answers = app.control.ping([node], timeout=2, limit=1)
    except (OperationalError, redis.RedisError):
        return False
    # That first answer may be the late one to an earlier ping, which Celery puts aside: a slow worker would always
    # be one answer behind.
    late = (answer for answers in app.control.mailbox.unclaimed.values() for answer in answers)
    return any(node in answer for answer in (*answers, *late))
