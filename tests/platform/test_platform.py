"""`manage.py platform`: starts, restarts what crashes, stops in order, leaves nobody, and says why it cannot."""

from __future__ import annotations

import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from tests.accounts.mail_servers import HOST, Inbox, serving
from tests.platform.running import Platform, all_gone

ASK_FOR_PICTURES = """
from accounts.models import User
from generation.jobs.submission import submit_jobs
from generation.recipes.picture import Recipe

maker = User.objects.get(username="maker")
submit_jobs(maker, Recipe("a red apple", width=128, height=128, steps=4), 8)
"""
SEND_MAIL = """
from django.core.mail import EmailMessage

from accounts.mail import queue_mail

queue_mail(EmailMessage("A link", "https://studio.example/secret", "studio@example.org", ["dora@example.org"]))
"""
PARTS = {"web", "valkey", "gpu", "default", "beat"}


@pytest.fixture
def mail_server() -> Iterator[tuple[Inbox, int]]:
    with serving() as served:
        yield served


@pytest.fixture
def platform(tmp_path: Path, mail_server: tuple[Inbox, int]) -> Iterator[Platform]:
    mail = {"SMTP_HOST": HOST, "SMTP_PORT": str(mail_server[1]), "SMTP_TLS": "off"}
    running = Platform(tmp_path / "data", **mail)
    try:
        running.until("is ready", 240)
        yield running
    finally:
        running.stop(signal.SIGTERM)


@pytest.mark.slow
def test_it_starts_serves_restarts_and_stops(
    platform: Platform, tmp_path: Path, mail_server: tuple[Inbox, int]
) -> None:
    data = tmp_path / "data"
    platform.until_complete(PARTS)
    assert platform.get("/readyz") == 200
    for word in ("Address", "Maker", "Moderator", str(data), str(data / "logs")):
        assert word in platform.said

    platform.shell(SEND_MAIL)
    wait_for_mail(mail_server[0])

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
    assert "was killed" not in platform.said
    assert all_gone(everyone)
    assert {log.stem for log in (data / "logs").glob("*.log")} == PARTS
    assert "request_finished" in (data / "logs" / "web.log").read_text()
    assert '"level": "info"' in (data / "logs" / "gpu.log").read_text()
    assert open_to_others(data) == []


def open_to_others(data: Path) -> list[str]:
    """What somebody else on the machine could read or enter: of the folder itself, database, logs, Valkey's files."""
    written = [data, *(path for path in data.rglob("*") if not path.is_symlink())]
    assert {"tempera.sqlite3", "secret_key", "web.log", "valkey.conf"} <= {path.name for path in written}
    return [str(path) for path in written if path.stat().st_mode & 0o077]


@pytest.mark.slow
def test_an_idle_worker_leaves_with_little_work_so_that_a_busy_machine_does_not_kill_it(platform: Platform) -> None:
    """Measured in seconds of the processor, against those that its start took: the clock depends on who else works."""
    platform.until_complete(PARTS)
    gpu = platform.children()["gpu"]
    start = used = seconds_of_processor(gpu)
    platform.process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + 30
    with suppress(psutil.NoSuchProcess):
        while time.monotonic() < deadline:
            used = max(used, seconds_of_processor(gpu))
            time.sleep(0.01)
    platform.stop()
    assert platform.process.returncode == 0
    assert "gpu      | worker: Warm shutdown" in platform.said
    assert "was killed" not in platform.said
    assert used - start < start / 20


def seconds_of_processor(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


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


def wait_for_mail(inbox: Inbox) -> None:
    """The wake-up is worked on at once, so that nobody waits for the clock."""
    deadline = time.monotonic() + 20
    while not inbox.mails:
        assert time.monotonic() < deadline, "no mail arrived"
        time.sleep(0.1)


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


@pytest.mark.parametrize(
    ("env", "named"),
    [
        # Nobody's but Django's own checks know this one.
        ({"CSRF_TRUSTED_ORIGINS": "pictures.example.org"}, "CSRF_TRUSTED_ORIGINS"),
        ({"SITE_URL": "https://studio.example/tempera"}, "SITE_URL"),
    ],
)
def test_what_manage_py_check_refuses_does_not_start(tmp_path: Path, env: dict[str, str], named: str) -> None:
    running = Platform(tmp_path, **env)
    assert running.process.wait(60) == 1
    running.reader.join(5)
    assert len(running.lines) == 1
    assert named in running.said


def test_a_data_folder_that_cannot_be_written_is_one_sentence() -> None:
    running = Platform(Path("/dev/null/data"))
    assert running.process.wait(60) == 1
    running.reader.join(5)
    assert len(running.lines) == 1
    assert "set DATA_DIR" in running.said
