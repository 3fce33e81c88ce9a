"""`manage.py platform`: starts, restarts what crashes, stops in order, leaves nobody, and says why it cannot."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform.running import Platform, all_gone

PARTS = {"web", "valkey", "gpu", "default", "beat"}
pytestmark = pytest.mark.slow


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    running = Platform(tmp_path / "data")
    children = []
    try:
        running.until("is ready", 120)
        children = list(running.children().values())
        yield running
    finally:
        running.stop(signal.SIGTERM)
        for child in children:
            if child.is_running():
                child.kill()


def test_it_starts_serves_restarts_and_stops(platform: Platform, tmp_path: Path) -> None:
    assert set(platform.children()) == PARTS
    assert platform.get("/healthz") == 200
    assert platform.get("/readyz") == 200
    for word in ("Maker", "Moderator", str(tmp_path / "data"), "Address"):
        assert word in platform.said

    platform.children()["web"].send_signal(signal.SIGKILL)
    platform.until("web ended with signal SIGKILL", 5)
    platform.until("Listening on TCP", 1)
    wait_until_served(platform)

    everyone = list(platform.children().values())
    assert platform.stop() < 10
    assert platform.process.returncode == 0
    assert all_gone(everyone)
    assert "was killed" not in platform.said
    for name in PARTS:
        assert (tmp_path / "data" / "logs" / f"{name}.log").stat().st_size > 0


def test_nobody_outlives_a_supervisor_that_is_killed(platform: Platform) -> None:
    everyone = list(platform.children().values())
    assert len(everyone) == len(PARTS)
    platform.process.send_signal(signal.SIGKILL)
    assert all_gone(everyone)


def wait_until_served(platform: Platform) -> None:
    for _ in range(300):
        try:
            assert platform.get("/readyz") == 200
            return
        except OSError:
            subprocess.run(["sleep", "0.1"], check=True)
    raise AssertionError("the restarted web process never answered")


@pytest.mark.parametrize("name", ["PORT", "VALKEY_PORT"])
def test_a_taken_port_is_one_sentence(tmp_path: Path, name: str) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        running = Platform(tmp_path, **{name: str(port)})
        assert running.process.wait(60) == 1
    running.reader.join(5)
    assert len(running.lines) == 1
    assert f"Port {port}" in running.said
    assert f"set {name} to a free one" in running.said


def test_a_data_folder_that_cannot_be_written_is_one_sentence() -> None:
    running = Platform(Path("/dev/null/data"))
    assert running.process.wait(60) == 1
    running.reader.join(5)
    assert len(running.lines) == 1
    assert "set DATA_DIR" in running.said


def test_a_second_platform_on_the_same_data_says_so(platform: Platform, tmp_path: Path) -> None:
    second = Platform(tmp_path / "data")
    assert second.process.wait(60) == 1
    second.reader.join(5)
    assert "already runs" in second.said
    assert platform.get("/healthz") == 200
