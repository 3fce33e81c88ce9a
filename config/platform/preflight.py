"""What must be true before anything is started: packages, all that `manage.py check` looks at, ports. Each failure is
one line that names the setting to change."""

from __future__ import annotations

import fcntl
import importlib.util
import socket
from typing import IO

from django.conf import settings
from django.core.checks import CheckMessage, run_checks

from config.platform.broker import NoBroker, valkey_binary

NEEDED = ("celery", "channels_redis", "daphne", "diffusers", "redis", "safetensors", "torch", "transformers", "vtracer")


class NotReady(RuntimeError):
    """Tempera cannot start here; the message says why and what to set."""


def check_machine() -> list[str]:
    """Packages, checks and ports, in this order; what only deserves a warning is returned. Raises NotReady."""
    for package in NEEDED:
        if importlib.util.find_spec(package) is None:
            raise NotReady(
                f"The package {package} is not installed: run `pip install -r requirements.txt` in this Python."
            )
    # Every app's and not our own alone, since a site that they find broken would break after it has started.
    messages = [message for message in run_checks() if not message.is_silenced()]
    for message in messages:
        if message.is_serious():
            raise NotReady(one_line(message))
    check_port(settings.BIND, settings.PORT, "PORT")
    if settings.EMBEDDED_VALKEY:
        check_port("127.0.0.1", settings.VALKEY_PORT, "VALKEY_PORT")
        try:
            valkey_binary()
        except NoBroker as error:
            raise NotReady(str(error)) from None
    return [one_line(message) for message in messages]


def one_line(message: CheckMessage) -> str:
    """What a check says and advises; Django's own often have no advice, and several lines."""
    return " ".join(f"{message.msg} {message.hint or ''}".split())


def check_port(host: str, port: int, name: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the servers do: a port that only waits out its last connections is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise NotReady(
                f"Port {port} on {host} cannot be used ({error.strerror}); set {name} to a free one."
            ) from None


def lock_data_folder() -> IO[str]:
    """The lock of the data folder, held while the file stays open. Raises NotReady when another holds it."""
    file = open(settings.DATA_DIR / "platform.lock", "a+")  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise NotReady(
            f"Tempera already runs on {settings.DATA_DIR}; stop it, or set DATA_DIR to another folder."
        ) from None
    return file
