"""The disk is full: whoever sends something reads one sentence with 507, and nothing half-written stays."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import connection
from django.test import Client

from accounts.models import User
from generation.models import DataPicture, DataSet, Lora
from generation.training.datasets.lifecycle import create_dataset
from tests.conftest import PASSWORD
from tests.generation.training.datasets.conftest import picture, upload, zipped
from tests.lora_files import lora_upload

SENTENCE = "The site has no room left"
SCRIPT = {"X-Requested-With": "fetch"}


def fill(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


@pytest.fixture
def full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on a small file system that is full; where none may be mounted, one where nothing can be synced."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode == 0:
        fill(folder)
        yield folder
        subprocess.run(["umount", str(folder)], check=True)
        return

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    yield folder


def left_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "filler"]


@pytest.fixture
def dataset(alice: User) -> DataSet:
    return create_dataset(alice, "Nine emoji", "noto style", consent=True)


def test_a_lora_is_refused(alices: Client, alices_api: Any, settings: Any, full_disk: Path) -> None:
    settings.WEIGHTS_DIRS = [full_disk, *settings.WEIGHTS_DIRS[1:]]
    page = alices.post("/loras/upload/", {"file": lora_upload()})
    assert page.status_code == 507
    assert SENTENCE in page.text
    answer = alices_api.post("/api/v1/loras", {"file": lora_upload()}, format="multipart")
    assert (answer.status_code, answer.data["code"]) == (507, "no-room")
    assert answer.data["detail"].startswith(SENTENCE)
    assert not Lora.objects.filter(owner__isnull=False).exists()
    assert left_in(full_disk) == []


def test_pictures_of_a_data_set_are_refused(
    alices: Client, alices_api: Any, dataset: DataSet, settings: Any, full_disk: Path
) -> None:
    settings.MEDIA_ROOT = full_disk
    address = f"/studio/datasets/{dataset.code}/pictures/"
    page = alices.post(address, {"files": upload("a.png", picture(1))})
    assert page.status_code == 507
    assert SENTENCE in page.text
    told = alices.post(address, {"files": upload("a.zip", zipped({"a.png": picture(1)}))}, headers=SCRIPT)
    assert (told.status_code, told.json()["code"]) == (507, "no-room")
    answer = alices_api.post(
        f"/api/v1/datasets/{dataset.code}/pictures", {"files": upload("a.png", picture(1))}, format="multipart"
    )
    assert (answer.status_code, answer.json()["code"]) == (507, "no-room")
    assert not DataPicture.objects.exists()
    assert left_in(full_disk) == []


def test_what_came_before_the_disk_was_full_is_kept(
    alices: Client, dataset: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, calls = os.fsync, iter(range(100))

    def full_later(handle: int) -> None:
        # Two files and their folders are the first picture's.
        if next(calls) >= 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    monkeypatch.setattr(os, "fsync", full_later)
    files = [upload(f"{seed}.png", picture(seed)) for seed in range(3)]
    told = alices.post(f"/studio/datasets/{dataset.code}/pictures/", {"files": files}, headers=SCRIPT).json()
    assert told["added"] == DataPicture.objects.count() == 1
    assert [(each["name"], each["code"]) for each in told["refused"]] == [("1.png", "no-room"), ("2.png", "no-room")]


@pytest.mark.parametrize("by_form", [True, False])
def test_no_room_for_what_is_on_its_way(alices: Client, monkeypatch: pytest.MonkeyPatch, by_form: bool) -> None:
    """Django puts a large file aside while it reads the form: in a view, or before it for the token of the form."""

    def full(handler: TemporaryFileUploadHandler, data: bytes, start: int) -> None:
        handler.file.close()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", full)
    client = Client(enforce_csrf_checks=by_form, raise_request_exception=False)
    client.cookies = alices.cookies
    client.cookies["csrftoken"] = "a" * 32
    page = client.post("/loras/upload/", {"file": SimpleUploadedFile("a.safetensors", bytes(4 * 2**20))})
    assert page.status_code == 507
    assert SENTENCE in page.text


@pytest.fixture
def full_database(transactional_db: None) -> Iterator[Callable[[], None]]:
    """A function that fills the database: SQLite is told that its file may not grow."""
    if connection.vendor != "sqlite":
        pytest.skip("SQLite can be told how large it may get.")

    def full() -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE filler (data BLOB)")
            (pages,) = cursor.execute("PRAGMA page_count").fetchone()
            cursor.execute(f"PRAGMA max_page_count = {pages}").fetchone()
            for size in (100_000, 1000, 1):
                with contextlib.suppress(Exception):
                    while True:
                        cursor.execute("INSERT INTO filler VALUES (zeroblob(%s))", [size])

    yield full
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1073741823").fetchone()
        cursor.execute("DROP TABLE IF EXISTS filler")


def until_refused(ask: Callable[[], Any]) -> Any:
    """What is answered once a row finds no place any more: pages that are there already hold a few."""
    return next((answer for answer in (ask() for _ in range(25)) if answer.status_code >= 400), None)


def test_a_full_database_is_told(full_database: Callable[[], None], alices: Client, alices_api: Any) -> None:
    alices.raise_request_exception = False
    full_database()
    made = {"title": "x" * 80, "trigger": "noto style", "consent": "on"}
    page = until_refused(lambda: alices.post("/studio/datasets/new/", made))
    assert page.status_code == 507
    assert SENTENCE in page.text
    answer = until_refused(lambda: alices_api.post("/api/v1/datasets", {**made, "consent": True}, format="json"))
    assert (answer.status_code, answer.json()["code"]) == (507, "no-room")
    assert alices.get("/studio/").status_code == 200


def test_a_session_that_cannot_be_kept_is_told(full_database: Callable[[], None], alice: User) -> None:
    """It is saved by middleware, after every view."""
    full_database()
    signing_in = {"login": "alice", "password": PASSWORD}
    page = until_refused(lambda: Client(raise_request_exception=False).post("/accounts/login/", signing_in))
    assert page.status_code == 507
    assert SENTENCE in page.text
