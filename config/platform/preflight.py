"""What must be true before anything is started. Each failure is one sentence that names the setting to change."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import socket
from pathlib import Path
from typing import IO

from django.conf import settings

from config.platform.broker import NoBroker, valkey_binary

NEEDED = ("celery", "channels_redis", "daphne", "diffusers", "redis", "safetensors", "torch", "transformers", "vtracer")


class NotReady(RuntimeError):
    """Tempera cannot start here; the message says why and what to set."""


def check_machine() -> None:
    """Wheels, folders and ports, in this order. Raises NotReady."""
    for package in NEEDED:
        if importlib.util.find_spec(package) is None:
            raise NotReady(
                f"The package {package} is not installed: run `pip install -r requirements.txt` in this Python."
            )
    for folder in (settings.DATA_DIR, settings.DATA_DIR / "logs", settings.MEDIA_ROOT, settings.WEIGHTS_DIRS[0]):
        check_folder(Path(folder))
    check_port(settings.BIND, settings.PORT, "PORT")
    if settings.EMBEDDED_VALKEY:
        check_port("127.0.0.1", settings.VALKEY_PORT, "VALKEY_PORT")
        try:
            valkey_binary()
        except NoBroker as error:
            raise NotReady(str(error)) from None


def check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise NotReady(
            f"The folder {folder} is not writable ({error.strerror}); set DATA_DIR to one that is."
        ) from None


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
