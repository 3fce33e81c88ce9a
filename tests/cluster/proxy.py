"""A real proxy in front of several web servers: Debian's Caddy, with no more in its file than that needs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

INSTALL = ROOT / "tests" / "install_package.sh"
CADDYFILE = """{{
    admin off
    auto_https off
}}
http://:{port} {{
    bind {host}
    reverse_proxy {servers} {{
        lb_policy round_robin
        lb_try_duration 10s
        lb_try_interval 100ms
        fail_duration 1s
    }}
}}
"""
"""Whom it cannot reach it leaves out for a second, and asks the next one instead."""


class Caddy:
    """Runs until it is stopped; its log lies in `folder`."""

    def __init__(self, binary: str, folder: Path, address: tuple[str, int], servers: Sequence[tuple[str, int]]) -> None:
        self.host, self.port = address
        names = " ".join(f"{host}:{port}" for host, port in servers)
        (folder / "Caddyfile").write_text(CADDYFILE.format(host=self.host, port=self.port, servers=names))
        env = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        with (folder / "proxy.log").open("wb") as log:
            self.process = subprocess.Popen(
                [binary, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"],
                env=env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def found() -> str | None:
    """The binary, which is installed where this user may."""
    if binary := shutil.which("caddy"):
        return binary
    subprocess.run(["sh", str(INSTALL), "Caddy", "the tests of many machines", "caddy"], check=False)
    return shutil.which("caddy")


def needed() -> str:
    """The binary; the test is skipped, or in continuous integration fails, where there is none."""
    binary = found()
    if binary is None:
        words = "there is no Caddy here and it cannot be installed (Debian: apt-get install caddy)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(words)
    return binary
