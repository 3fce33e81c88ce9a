"""`manage.py platform`: starts, restarts what crashes, stops in order, leaves nobody, and says why it cannot."""

from __future__ import annotations

import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.platform.running import Platform, all_gone

ASK_FOR_PICTURES = """
from accounts.models import User
from generation.jobs.submission import submit_jobs
from generation.recipes.picture import Recipe

maker = User.objects.get(username="maker")
submit_jobs(maker, Recipe("a red apple", width=128, height=128, steps=4), 8)
"""
PARTS = {"web", "valkey", "gpu", "default", "beat"}


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    running = Platform(tmp_path / "data")
    try:
        running.until("is ready", 240)
        yield running
    finally:
        running.stop(signal.SIGTERM)


@pytest.mark.slow
def test_it_starts_serves_restarts_and_stops(platform: Platform, tmp_path: Path) -> None:
    data = tmp_path / "data"
    platform.until_complete(PARTS)
    assert platform.get("/readyz") == 200
    for word in ("Address", "Maker", "Moderator", str(data), str(data / "logs")):
        assert word in platform.said

    platform.children()["web"].send_signal(signal.SIGKILL)
    platform.until("web ended with signal SIGKILL", 5)
    wait_until_served(platform)

    second = Platform(data)
    assert second.process.wait(60) == 1
    second.reader.join(5)
    assert "already runs" in second.said
    assert platform.get("/healthz") == 200

    everyone = list(platform.children().values())
    assert platform.stop(signal.SIGINT) < 10
    assert platform.process.returncode == 0
    assert all_gone(everyone)
    assert {log.stem for log in (data / "logs").glob("*.log")} == PARTS
    assert "request_finished" in (data / "logs" / "web.log").read_text()
    assert '"level": "info"' in (data / "logs" / "gpu.log").read_text()


@pytest.mark.slow
def test_nobody_outlives_a_killed_supervisor_and_the_next_one_starts(platform: Platform, tmp_path: Path) -> None:
    platform.until_complete(PARTS)
    everyone = list(platform.children().values())
    platform.process.send_signal(signal.SIGKILL)
    assert all_gone(everyone)

    again = Platform(tmp_path / "data")
    try:
        again.until("is ready", 240)
        assert again.get("/readyz") == 200
    finally:
        again.stop(signal.SIGTERM)


@pytest.mark.slow
def test_each_device_has_a_worker_of_its_own(tmp_path: Path) -> None:
    """A processor named twice stands for two GPUs."""
    platform = Platform(tmp_path / "data", RENDER_DEVICE="cpu, cpu", RENDER_THREADS="1")
    try:
        platform.until("is ready", 240)
        workers = [platform.children()[name] for name in ("gpu0", "gpu1")]
        assert [worker.environ()["RENDER_DEVICE"] for worker in workers] == ["cpu", "cpu"]
        with closing(sqlite3.connect(tmp_path / "data" / "tempera.sqlite3")) as database:
            known = database.execute("SELECT name, device FROM generation_gpuworker").fetchall()
        assert {device for _, device in known} == {"cpu"}
        assert {int(name.split("-")[-2]) for name, _ in known} == {worker.pid for worker in workers}
        platform.shell(ASK_FOR_PICTURES)
        drew = drawn_by(tmp_path / "data", 120)
        assert drew and drew <= {name for name, _ in known}
    finally:
        platform.stop(signal.SIGTERM)


def drawn_by(data: Path, seconds: float) -> set[str]:
    """The workers that drew, once every job is done."""
    deadline = time.monotonic() + seconds
    with closing(sqlite3.connect(data / "tempera.sqlite3")) as database:
        while database.execute("SELECT 1 FROM generation_job WHERE state != 'done'").fetchone():
            assert time.monotonic() < deadline, "some are still not done"
            time.sleep(0.2)
        return {worker for (worker,) in database.execute("SELECT worker FROM generation_job")}


def wait_until_served(platform: Platform) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            assert platform.get("/readyz") == 200
            return
        except OSError:
            time.sleep(0.1)
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
