"""`manage.py doctor`: each line says ok on a site in order, and each fault, brought about for once, is told."""

from __future__ import annotations

import importlib.util
import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from config.backup.database import engine
from config.celery import app
from config.doctor import drawing, looks, parts, processes, storing
from config.doctor import machine as this_machine
from config.doctor.findings import Level, Line, Look
from config.tasks import note_beat
from generation.messages import broker as messages
from generation.models import Checkpoint, GpuWorker
from tests.accounts import mail_servers
from tests.faults.conftest import machine
from tests.faults.machine import Machine
from tests.generation.conftest import add_worker
from tests.plugin import broker, free_port

__all__ = ["machine"]

OK, WARN, FAIL = Level.OK, Level.WARN, Level.FAIL


def said(look: Look) -> list[tuple[Level, str]]:
    """Each line with its advice, which every fault has and nothing else."""
    found = list(look())
    assert all(bool(line.advice) == (line.level != OK) for line in found)
    return [(line.level, f"{line.said} {line.advice}".strip()) for line in found]


def one(look: Look) -> tuple[Level, str]:
    (line,) = said(look)
    return line


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The command with these looks only."""

    def only(**wanted: Look) -> None:
        monkeypatch.setattr(looks, "LOOKS", wanted)

    return only


class TestTheCommand:
    def test_lines_and_the_end(self, alone: Any, capsys: pytest.CaptureFixture[str]) -> None:
        def bad() -> Iterator[Line]:
            yield Line(FAIL, "mail", "It is away.", "Start it.")

        def good() -> Iterator[Line]:
            yield Line(OK, "disk", "Room.")

        def broken() -> Iterator[Line]:
            raise KeyError("nobody foresaw this")

        alone(disk=good)
        call_command("doctor")
        assert capsys.readouterr().out == "ok    disk        Room.\n"
        alone(mail=bad, x=broken, disk=good)
        with pytest.raises(CommandError, match="2 things to mend") as ended:
            call_command("doctor")
        assert ended.value.returncode == 1
        told = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in told] == ["fail", "Start", "fail", "See", "ok"]
        assert "KeyError: 'nobody foresaw this'" in told[2]

    def test_for_programs(self, alone: Any) -> None:
        alone(versions=this_machine.versions, mail=parts.mail)
        out = io.StringIO()
        with redirect_stdout(out):
            call_command("doctor", "--json")
        told = json.loads(out.getvalue())
        assert [line["part"] for line in told] == ["versions", "mail"]
        assert all(set(line) == {"level", "part", "said", "advice"} for line in told)


class TestTheMachine:
    def test_settings(self, settings: Any) -> None:
        settings.PICTURE_EXPLICIT_PERCENT = settings.PICTURE_SENSITIVE_PERCENT - 1
        settings.S3_OPTIONS = {**settings.S3_OPTIONS, "endpoint_url": "http://127.0.0.1:1"}
        found = said(this_machine.settings_in_order)
        assert {level for level, _ in found} == {WARN, FAIL}
        assert any("without a bucket" in text for _, text in found)

    def test_versions(self, settings: Any, tmp_path: Path) -> None:
        assert one(this_machine.versions)[0] == OK
        settings.BASE_DIR = tmp_path
        (tmp_path / "requirements.txt").write_text("Django==1.0\nnowhere-to-be-found==1.0\ndjango-allauth[mfa]==1.0\n")
        level, text = one(this_machine.versions)
        assert level == WARN and "Django is 5.2" in text and "django-allauth is" in text and "nowhere" not in text

    def test_disk(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(this_machine, "TOO_LITTLE_BYTES", 0)
        monkeypatch.setattr(this_machine, "LITTLE_BYTES", 0)
        assert {level for level, _ in said(this_machine.disk)} == {OK}
        monkeypatch.setattr(this_machine, "LITTLE_BYTES", 2**80)
        assert {level for level, _ in said(this_machine.disk)} == {WARN}
        monkeypatch.setattr(this_machine, "TOO_LITTLE_BYTES", 2**80)
        assert {level for level, _ in said(this_machine.disk)} == {FAIL}


class TestTheDatabase:
    def test_it_answers(self, db: None) -> None:
        assert said(parts.database)[0] == (OK, f"{connection.vendor} {engine().version()} answers.")
        assert one(parts.migrations) == (OK, "All have run.")

    def test_away(self, transactional_db: None, alone: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before = connection.settings_dict["NAME"]
        connections.close_all()
        connection.settings_dict["NAME"] = str(tmp_path / "no" / "where")[-60:]
        alone(database=parts.database, weights=drawing.weights)
        try:
            with pytest.raises(CommandError, match="2 things to mend"):
                call_command("doctor")
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = before
        assert capsys.readouterr().out.count("The database does not answer") == 2

    def test_migrations_that_are_missing(self, db: None) -> None:
        (leaf,) = MigrationLoader(None).graph.leaf_nodes("gallery")
        undone = [leaf, *MigrationLoader(None).disk_migrations[leaf].replaces[-1:]]
        for each in undone:
            MigrationRecorder(connection).record_unapplied(*each)
        level, text = one(parts.migrations)
        assert level == FAIL and f"1 migration not run yet, gallery.{undone[-1][1]} first. Run" in text

    def test_rows_of_a_newer_version(self, db: None) -> None:
        MigrationRecorder(connection).record_applied("generation", "9999_later")
        level, text = one(parts.migrations)
        assert level == FAIL and "newer Tempera" in text


class TestTheBroker:
    def test_it_answers(self) -> None:
        level, text = said(parts.broker_answers)[0]
        assert level == OK and text.startswith("Valkey ")
        assert one(parts.cache_keeps)[0] == OK and one(parts.channels_carry)[0] == OK

    def test_away(self, db: None, alone: Any, capsys: pytest.CaptureFixture[str]) -> None:
        names = ("broker", "clock", "cache", "channels", "workers", "beat")
        alone(**{name: looks.LOOKS[name] for name in names})
        broker().kill()
        try:
            with pytest.raises(CommandError):
                call_command("doctor")
        finally:
            broker().start()
        told = [line.split()[:2] for line in capsys.readouterr().out.splitlines() if line[0] != " "]
        assert told == [["fail", name] for name in names]

    def test_one_that_throws_away(self) -> None:
        line = messages.connection()
        line.config_set("maxmemory-policy", "allkeys-lru")
        try:
            level, text = said(parts.broker_answers)[1]
        finally:
            line.config_set("maxmemory-policy", "noeviction")
        assert level == WARN and "allkeys-lru" in text

    def test_one_that_is_full(self, alone: Any, capsys: pytest.CaptureFixture[str]) -> None:
        line = messages.connection()
        line.config_set("maxmemory", 1)
        alone(cache=parts.cache_keeps)
        try:
            with pytest.raises(CommandError):
                call_command("doctor")
        finally:
            line.config_set("maxmemory", 0)
        assert "used memory" in capsys.readouterr().out

    @pytest.mark.parametrize(("ahead", "level"), [(0, OK), (5, WARN), (-60, FAIL)])
    def test_clocks(self, db: None, monkeypatch: pytest.MonkeyPatch, ahead: float, level: Level) -> None:
        true_time = time.time
        monkeypatch.setattr(time, "time", lambda: true_time() + ahead)
        found = said(parts.clocks)
        assert len(found) == (2 if connection.vendor == "postgresql" else 1)
        assert {each for each, _ in found} == {level}
        if ahead:
            assert "ahead of" in found[0][1] if ahead > 0 else "behind" in found[0][1]


class TestTheStorage:
    def test_it_keeps(self, db: None, settings: Any) -> None:
        assert one(storing.storage)[0] == OK
        assert list(Path(settings.MEDIA_ROOT).rglob("*.txt")) == []

    def test_it_cannot_be_written(self, db: None, settings: Any, tmp_path: Path) -> None:
        settings.MEDIA_ROOT = tmp_path / "file"
        settings.MEDIA_ROOT.write_text("in the way")
        level, text = one(storing.storage)
        assert level == FAIL and "could not be written" in text

    def test_backups(self, settings: Any, tmp_path: Path) -> None:
        settings.BACKUP_DIR = tmp_path
        settings.BACKUP_AT = None
        assert one(storing.backups)[0] == WARN
        settings.BACKUP_AT = (3, 30)
        assert "none in" in one(storing.backups)[1]
        (tmp_path / "tempera-20260101-033000.tar.gz").touch()
        assert one(storing.backups)[0] == FAIL
        (tmp_path / f"tempera-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}.tar.gz").touch()
        level, text = one(storing.backups)
        assert level == OK and "0 hours old" in text


class TestMail:
    def at(self, settings: Any, port: int, **more: Any) -> tuple[Level, str]:
        settings.EMAIL_HOST, settings.EMAIL_PORT = mail_servers.HOST, port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 1
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = more.get("login", ("", ""))
        return one(parts.mail)

    def test_none(self, settings: Any) -> None:
        assert one(parts.mail)[0] == OK
        settings.HTTPS = True
        assert one(parts.mail)[0] == WARN

    def test_one_that_lets_us_in(self, settings: Any) -> None:
        with mail_servers.serving() as (inbox, port):
            assert self.at(settings, port)[0] == OK
            assert inbox.mails == []

    def test_one_that_does_not(self, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "refused" in self.at(settings, free_port())[1]
        with mail_servers.silent() as port:
            assert "timed out" in self.at(settings, port)[1]
        with mail_servers.serving() as (_, port):
            level, text = self.at(settings, port, login=("studio", "wrong"))
            assert level == FAIL and "did not let us in" in text


class TestDrawing:
    def test_a_device_that_is_not_there(self, settings: Any) -> None:
        import torch

        if torch.cuda.is_available():
            settings.RENDERING = replace(settings.RENDERING, devices=("cuda:99",))
        else:
            assert one(drawing.gpu)[0] == OK
            settings.RENDERING = replace(settings.RENDERING, devices=("cuda:0",))
        level, text = said(drawing.gpu)[0]
        assert level == FAIL and "RENDER_DEVICE" in text

    def test_a_driver_that_torch_does_not_fit(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        import torch

        if torch.cuda.is_available():
            pytest.skip("torch finds the GPU here")
        (tmp_path / "nvidia-smi").write_text("#!/bin/sh\necho 580.95.05\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
        level, text = one(drawing.gpu)
        assert level == WARN and "driver 580.95.05" in text

    def test_without_torch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        assert one(drawing.gpu) == (OK, "There is no torch here: this machine serves pages and draws nothing.")

    def test_no_weights(self, db: None) -> None:
        level, text = one(drawing.weights)
        assert level == FAIL and "import_weights" in text

    def test_weights_that_are_lost(self, catalog: Checkpoint) -> None:
        assert one(drawing.weights) == (OK, "1 of 1 checkpoints are here.")
        Checkpoint.objects.create(name="gone", title="Gone", family="mini", path="gone", sha256="b" * 64)
        found = said(drawing.weights)
        assert found[0] == (OK, "1 of 2 checkpoints are here.") and "here: Gone." in found[1][1]


class TestProcesses:
    def test_none(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(processes, "ANSWER_SECONDS", 0.2)
        found = said(processes.workers)
        assert [level for level, _ in found] == [FAIL] * 3
        assert "No picture is drawn" in found[0][1] and "-Q gpu" in found[0][1]

    def test_one_that_reports_to_another_database(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        answers = {"gpu@here": [{"name": name} for name in ("gpu", "training", "default")]}
        monkeypatch.setattr(app.control, "inspect", lambda **options: Answering(answers))
        found = said(processes.workers)
        assert [level for level, _ in found] == [OK, OK, OK, FAIL] and "DATABASE_URL" in found[3][1]
        add_worker()
        assert GpuWorker.objects.alive().exists() and len(said(processes.workers)) == 3

    def test_beat(self, db: None) -> None:
        level, words = one(processes.beat)
        assert level == FAIL and "`python -m config.beat`" in words
        note_beat()
        assert one(processes.beat)[0] == OK
        entry = app.conf.beat_schedule["beat-seen"]
        assert entry["task"] in app.tasks and entry["schedule"] * 3 < processes.BEAT_SEEN_SECONDS

    @pytest.mark.slow
    def test_those_that_run(self, machine: Machine) -> None:
        machine.gpu_worker()
        machine.house_worker()
        machine.until_up("gpu", "house")
        found = said(processes.workers)
        assert [level for level, _ in found] == [OK, FAIL, OK]
        assert "Nothing is trained" in found[1][1]
        machine.until(lambda: one(processes.beat)[0] == OK, 120)


class Answering:
    def __init__(self, answers: Any) -> None:
        self.answers = answers

    def active_queues(self) -> Any:
        return self.answers
