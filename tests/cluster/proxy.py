"""A real proxy in front of several web servers: Caddy, with no more in its file than that needs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

BINARY = str(Path(sys.executable).parent / "caddy")
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
        request_buffers 1MiB
        transport http {{
            keepalive off
        }}
    }}
}}
"""
"""Whom it cannot reach it leaves out for a second, and asks the next one instead."""


class Caddy:
    """Runs until it is stopped; its log lies in `folder`."""

    def __init__(self, folder: Path, address: tuple[str, int], servers: Sequence[tuple[str, int]]) -> None:
        self.host, self.port = address
        names = " ".join(f"{host}:{port}" for host, port in servers)
        (folder / "Caddyfile").write_text(CADDYFILE.format(host=self.host, port=self.port, servers=names))
        env = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        with (folder / "proxy.log").open("wb") as log:
            self.process = subprocess.Popen(
                [BINARY, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"],
                env=env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
