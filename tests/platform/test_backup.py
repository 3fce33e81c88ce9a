"""`manage.py backup` and `restore`: what is in the file, what comes back, and every file that is not taken."""

from __future__ import annotations

import gzip
import importlib.util
import io
import json
import os
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from config.backup import archive, kept, postgres, reading, writing
from config.backup.progress import silent
from config.backup.refused import Refused
from config.backup.sqlite import Sqlite
from config.backup.tree import weight_files
from generation.storage import files
from tests.generation.conftest import Draw
from tests.platform.backups import copied, emptied, entry, members_of, packed

PLAIN = {"manifest.json", "media.json", "gone.json", "checksums.json"}


@pytest.fixture
def data(tmp_path: Path, settings: Any) -> Path:
    """A data folder of the test's own, with the secret of a site."""
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    (settings.DATA_DIR / "secret_key").write_text("of the old place")
    return Path(settings.DATA_DIR)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*words: str) -> str:
        call_command(*words)
        return capsys.readouterr().out

    return run


def put(name: str, text: bytes = b"a picture") -> None:
    assert default_storage.save(name, ContentFile(text)) == name


def weigh(name: str, text: bytes = b"weights") -> Path:
    path = Path(site.WEIGHTS_DIRS[0]) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    return path


def test_all_of_it_comes_back(
    transactional_db: None, alice: User, draw: Draw, data: Path, tmp_path: Path, settings: Any, said: Any
) -> None:
    image = draw(alice)
    assert image.job
    spent = image.job.credits
    kept_bytes = {name: files.read(name) for name in image.file_names}
    weigh("loras/ink.safetensors")
    file = tmp_path / "all.tar.gz"
    told = said("backup", str(file), "--media", "--weights", "--secrets")
    assert f"holds all rows, {len(kept_bytes)} files of media, 1 file of weights, 4 files of secrets" in told
    assert "It holds secrets" in told and "Not in it" not in told
    assert file.stat().st_mode & 0o077 == 0
    assert "is whole" in said("restore", str(file), "--check")
    with emptied(tmp_path / "new", settings):
        (settings.DATA_DIR / "secret_key").write_text("of the new place")
        told = said("restore", str(file))
        assert "Restored rows of 20" in told and "are those of the backup now" in told
        assert User.objects.get(username="alice").wallet.balance == 1000 - spent
        assert {name: files.read(name) for name in image.file_names} == kept_bytes
        assert (tmp_path / "new" / "weights" / "loras" / "ink.safetensors").read_bytes() == b"weights"
        assert (settings.DATA_DIR / "secret_key").read_text() == "of the old place"
        assert (settings.DATA_DIR / "signing" / "key.pem").read_bytes() == (data / "signing" / "key.pem").read_bytes()
        call_command("audit_consistency")


def test_rows_alone(transactional_db: None, alice: User, data: Path, tmp_path: Path, settings: Any, said: Any) -> None:
    put("images/a.png")
    weigh("a.safetensors")
    file = tmp_path / "rows.tar.gz"
    told = said("backup", str(file))
    assert told.count("Not in it") == 3 and "opens only with that key" in told
    inside = members_of(file)
    assert set(inside) - PLAIN == {"database.sqlite3" if connection.vendor == "sqlite" else "database.dump"}
    assert json.loads(inside["media.json"]) == {"images/a.png": 9}
    settings.SECRET_KEY = "another" * 10
    with emptied(tmp_path / "new", settings):
        told = said("restore", str(file))
        assert "SECRET_KEY is another here" in told and "held no files of pictures" in told
        settings.SECRET_KEY_FALLBACKS = [site.SECRET_KEY]
        assert User.objects.get(username="alice")


def test_a_former_key_is_known(settings: Any) -> None:
    mark = kept.key_mark()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert kept.knows_key(mark) and not kept.knows_key(kept.key_mark("a third"))


def test_what_is_deleted_meanwhile_is_told(
    transactional_db: None, data: Path, tmp_path: Path, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right after the rows were copied somebody deletes one picture and makes another."""
    put("images/a.png")
    put("images/b.png")
    add_media = writing.add_media

    def after_the_rows(*words: Any) -> None:
        default_storage.delete("images/a.png")
        put("images/c.png")
        add_media(*words)

    monkeypatch.setattr(writing, "add_media", after_the_rows)
    file = tmp_path / "b.tar.gz"
    assert "Deleted while the backup was made: images/a.png." in said("backup", str(file), "--media")
    assert {name for name in members_of(file) if name.startswith("media/")} == {
        "media/images/b.png",
        "media/images/c.png",
    }
    assert reading.check(file).gone == ["images/a.png"]


def test_links_neither_loop_nor_double(db: None, tmp_path: Path) -> None:
    real = weigh("loras/a.safetensors")
    weigh("uploads/b.safetensors")
    outside = tmp_path / "shared"
    outside.mkdir()
    (outside / "big.safetensors").write_bytes(b"big")
    (outside / "back").symlink_to(real.parent.parent)
    root = real.parent.parent
    (root / "a-link").symlink_to(outside)
    (root / "again").symlink_to(outside)
    (root / "loras" / "self.safetensors").symlink_to(real)
    (root / "loras" / "up").symlink_to(root)
    (root / "nowhere").symlink_to(tmp_path / "gone")
    found, left = weight_files()
    assert sorted(each.name for each in found) == [
        "a-link/big.safetensors",
        "loras/a.safetensors",
        "uploads/b.safetensors",
    ]
    assert sorted(left) == ["a-link/back", "again", "loras/self.safetensors", "loras/up", "nowhere"]


def test_half_written_files_are_left_out(transactional_db: None, data: Path, tmp_path: Path) -> None:
    weigh("uploads/.part-1")
    put("images/a.png")
    (Path(site.MEDIA_ROOT) / "images" / ".part-x").write_bytes(b"half")
    writing.back_up(tmp_path / "b.tar.gz", ("media", "weights"))
    assert {name for name in members_of(tmp_path / "b.tar.gz") if "/" in name} == {"media/images/a.png"}


def test_nothing_is_written_over(transactional_db: None, data: Path, tmp_path: Path) -> None:
    (tmp_path / "b.tar.gz").write_text("mine")
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", str(tmp_path / "b.tar.gz"))
    with pytest.raises(CommandError, match="no folder"):
        call_command("backup", str(tmp_path / "no" / "b.tar.gz"))
    assert (tmp_path / "b.tar.gz").read_text() == "mine"


def test_a_disk_that_is_full_leaves_nothing(
    transactional_db: None, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    opened = os.open

    def full(path: Any, flags: int, *mode: Any, **more: Any) -> int:
        return opened("/dev/full", os.O_WRONLY) if str(path).endswith(".tar.gz") else opened(path, flags, *mode, **more)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(Refused, match="could not be written: No space left"):
        writing.back_up(tmp_path / "b.tar.gz")
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir() if "tar" in path.name] == []


class TestPlacesThatAreNotEmpty:
    def test_database(self, transactional_db: None, data: Path, tmp_path: Path) -> None:
        writing.back_up(tmp_path / "b.tar.gz")
        with pytest.raises(CommandError, match="empty place"):
            call_command("restore", str(tmp_path / "b.tar.gz"))

    def test_storage_and_weights(self, transactional_db: None, data: Path, tmp_path: Path, settings: Any) -> None:
        put("images/a.png")
        weigh("a.safetensors")
        writing.back_up(tmp_path / "b.tar.gz", ("media", "weights"))
        with emptied(tmp_path / "new", settings):
            put("images/z.png")
            with pytest.raises(CommandError, match=r"files already \(images/z.png\)"):
                call_command("restore", str(tmp_path / "b.tar.gz"))
            default_storage.delete("images/z.png")
            weigh("z.safetensors")
            with pytest.raises(CommandError, match=r"holds z.safetensors already"):
                call_command("restore", str(tmp_path / "b.tar.gz"))
            assert connection.introspection.table_names() == []

    def test_a_site_that_runs(self, transactional_db: None, data: Path, tmp_path: Path) -> None:
        from config.platform.preflight import lock_data_folder

        with lock_data_folder(), pytest.raises(CommandError, match="already runs"):
            call_command("restore", str(tmp_path / "b.tar.gz"))


BAD: dict[str, tuple[Callable[[dict[str, bytes]], list[tuple[tarfile.TarInfo, bytes]]], str]] = {
    "a path upwards": (lambda inside: packed({**inside, "media/../../x": b""}), "no plain file"),
    "a root": (lambda inside: packed({**inside, "/etc/x": b""}), "no plain file"),
    "a folder of its own": (lambda inside: packed({**inside, "other/x": b""}), "no backup holds"),
    "another secret": (lambda inside: packed({**inside, "secrets/logs/x": b""}), "no backup holds"),
    "a symbolic link": (lambda inside: [*packed(inside), (entry("media/x", tarfile.SYMTYPE, "/etc"), b"")], "no plain"),
    "a hard link": (lambda inside: [*packed(inside), (entry("media/x", tarfile.LNKTYPE, "/etc"), b"")], "no plain"),
    "a device": (lambda inside: [*packed(inside), (entry("media/x", tarfile.CHRTYPE), b"")], "no plain"),
    "a name twice": (lambda inside: [*packed(inside), *packed({"gone.json": b"[]"})], "no plain"),
    "another picture": (
        lambda inside: packed({**inside, "media/images/a.png": b"other"}),
        "checksum of media/images/a.png",
    ),
    "one too many": (lambda inside: packed({**inside, "media/b": b""}), "checksum of media/b"),
    "one too few": (
        lambda inside: packed({k: v for k, v in inside.items() if k != "media/images/a.png"}),
        "lacks media",
    ),
    "no checksums": (
        lambda inside: packed({k: v for k, v in inside.items() if k != "checksums.json"}),
        "no whole backup",
    ),
    "no manifest": (
        lambda inside: packed({k: v for k, v in inside.items() if k != "manifest.json"}),
        "no whole backup",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_whole_backup(what: str, transactional_db: None, data: Path, tmp_path: Path, settings: Any) -> None:
    put("images/a.png")
    writing.back_up(tmp_path / "b.tar.gz", ("media",))
    change, words = BAD[what]
    copied(tmp_path / "bad.tar.gz", change(members_of(tmp_path / "b.tar.gz")))
    with emptied(tmp_path / "new", settings):
        with pytest.raises(CommandError, match=words):
            call_command("restore", str(tmp_path / "bad.tar.gz"))
        assert connection.introspection.table_names() == []
        assert not (tmp_path / "new" / "media").exists()


@pytest.mark.parametrize("text", [b"", b"no archive", gzip.compress(b"no tar" * 500)], ids=["empty", "text", "no-tar"])
def test_what_is_no_archive(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "b.tar.gz").write_bytes(text)
    with pytest.raises(Refused, match="no whole backup"):
        reading.check(tmp_path / "b.tar.gz")
    with pytest.raises(Refused, match="There is no file"):
        reading.check(tmp_path / "c.tar.gz")


def test_a_file_cut_short(transactional_db: None, data: Path, tmp_path: Path) -> None:
    writing.back_up(tmp_path / "b.tar.gz")
    whole = (tmp_path / "b.tar.gz").read_bytes()
    for share in (0.3, 0.99):
        (tmp_path / "cut.tar.gz").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(Refused, match="no whole backup"):
            reading.check(tmp_path / "cut.tar.gz")


def test_one_of_a_newer_tempera(transactional_db: None, data: Path, tmp_path: Path, settings: Any) -> None:
    writing.back_up(tmp_path / "b.tar.gz")
    inside = members_of(tmp_path / "b.tar.gz")
    manifest = json.loads(inside["manifest.json"])
    newer = {
        "format 2": {**manifest, "format": 2},
        "generation.9999_later": {**manifest, "migrations": [*manifest["migrations"], "generation.9999_later"]},
    }
    for words, document in newer.items():
        inside["manifest.json"] = json.dumps(document).encode()
        copied(tmp_path / "newer.tar.gz", packed(inside, right=True))
        with emptied(tmp_path / f"new {words}", settings), pytest.raises(CommandError, match=words):
            call_command("restore", str(tmp_path / "newer.tar.gz"))
        (tmp_path / "newer.tar.gz").unlink()


def test_rows_of_another_engine(transactional_db: None, data: Path, tmp_path: Path, settings: Any) -> None:
    writing.back_up(tmp_path / "b.tar.gz")
    inside = members_of(tmp_path / "b.tar.gz")
    mine, other = ("sqlite", "postgresql") if connection.vendor == "sqlite" else ("postgresql", "sqlite")
    inside["manifest.json"] = inside["manifest.json"].replace(mine.encode(), other.encode())
    inside[reading.DATABASES[other]] = inside.pop(reading.DATABASES[mine])
    copied(tmp_path / "other.tar.gz", packed(inside, right=True))
    with emptied(tmp_path / "new", settings), pytest.raises(CommandError, match=f"rows of {other}"):
        call_command("restore", str(tmp_path / "other.tar.gz"))


def test_rows_that_cannot_be_loaded_leave_an_empty_place(
    transactional_db: None, data: Path, tmp_path: Path, settings: Any
) -> None:
    put("images/a.png")
    weigh("a.safetensors")
    writing.back_up(tmp_path / "b.tar.gz", ("media", "weights", "secrets"))
    inside = members_of(tmp_path / "b.tar.gz")
    inside["database.sqlite3" if connection.vendor == "sqlite" else "database.dump"] = b"no rows" * 1000
    copied(tmp_path / "bad.tar.gz", packed(inside, right=True))
    with emptied(tmp_path / "new", settings):
        (settings.DATA_DIR / "secret_key").write_text("mine")
        with pytest.raises(CommandError, match="damaged|pg_restore failed"):
            call_command("restore", str(tmp_path / "bad.tar.gz"))
        assert connection.introspection.table_names() == []
        assert (settings.DATA_DIR / "secret_key").read_text() == "mine"
        assert not default_storage.exists("images/a.png") and not list((tmp_path / "new" / "weights").rglob("*.*"))


class TestPrograms:
    """PostgreSQL's own, found and compared; these here are scripts that only say a version."""

    def program(self, folder: Path, version: int) -> None:
        folder.mkdir(parents=True)
        (folder / "pg_dump").write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}.1'\n")
        (folder / "pg_dump").chmod(0o755)

    @pytest.fixture(autouse=True)
    def none_installed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
        monkeypatch.setattr(postgres, "DEBIAN", tmp_path / "debian")
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    def test_none(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(Refused, match="pg_dump is not installed: install .* version 16"):
            postgres.program("pg_dump", 16)

    def test_too_old(self, tmp_path: Path) -> None:
        self.program(tmp_path / "bin", 15)
        with pytest.raises(Refused, match=r"too old for the database of version 16 \(.*version 15\)"):
            postgres.program("pg_dump", 16)

    def test_the_nearest_is_taken(self, tmp_path: Path) -> None:
        self.program(tmp_path / "bin", 18)
        self.program(tmp_path / "debian" / "17" / "bin", 17)
        self.program(tmp_path / "debian" / "15" / "bin", 15)
        assert postgres.program("pg_dump", 16) == str(tmp_path / "debian" / "17" / "bin" / "pg_dump")


def test_a_database_that_is_away(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no database"):
        Sqlite(tmp_path / "none.sqlite3").dump(tmp_path / "copy")
    (tmp_path / "bad.sqlite3").write_bytes(b"no database" * 1000)
    with pytest.raises(Refused, match="could not copy"):
        Sqlite(tmp_path / "bad.sqlite3").dump(tmp_path / "copy")
    with pytest.raises(Refused, match="no database that can be read"):
        Sqlite(tmp_path / "bad.sqlite3").check_empty()


def test_a_file_that_becomes_shorter(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="became shorter"), archive.new_archive(tmp_path / "a.tar.gz") as writer:
        writer.add("media/a", io.BytesIO(b"four"), 10)
    assert list(tmp_path.iterdir()) == []


def test_sqlite_is_copied_as_of_one_moment(tmp_path: Path) -> None:
    """Another has begun to write when the copy is made: it sees all of what was committed and nothing else."""
    with closing(sqlite3.connect(tmp_path / "a.sqlite3", isolation_level=None)) as line:
        line.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1); BEGIN IMMEDIATE;")
        line.execute("INSERT INTO t VALUES (2)")
        Sqlite(tmp_path / "a.sqlite3").dump(tmp_path / "b.sqlite3")
        line.execute("COMMIT")
    with closing(sqlite3.connect(tmp_path / "b.sqlite3")) as line:
        assert line.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_progress_is_told(transactional_db: None, data: Path, tmp_path: Path) -> None:
    put("images/a.png", b"x" * 5000)
    told: dict[str, int] = {}

    def bar(what: str, total: int) -> Any:
        told[what] = total
        return silent(what, total)

    writing.back_up(tmp_path / "b.tar.gz", ("media",), bar)
    assert told["pictures"] == 5000 and told["rows"] > 100_000
    reading.check(tmp_path / "b.tar.gz", bar)
    assert told["checking"] == (tmp_path / "b.tar.gz").stat().st_size
