"""Nobody else on the machine reads the data folder, and no other folder is touched."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from config.checks import check_settings
from config.private_files import private_folder
from generation.catalog.loras.files import move_into_place, root


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_is_ours_alone(tmp_path: Path) -> None:
    assert mode(private_folder(tmp_path / "new" / "data")) == 0o700


def test_an_open_one_is_closed_with_what_lies_in_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name in ("tempera.sqlite3", "logs/web.log", "media/images/2026/a.png", "weights/mine.safetensors"):
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        path.chmod(0o644)
    outside = tmp_path / "shared"
    outside.touch()
    outside.chmod(0o644)
    (data / "media" / "link").symlink_to(outside)
    data.chmod(0o755)
    private_folder(data)
    assert mode(data) == mode(data / "logs") == mode(data / "media" / "images" / "2026") == 0o700
    for name in ("tempera.sqlite3", "logs/web.log", "media/images/2026/a.png"):
        assert mode(data / name) == 0o600
    assert mode(outside) == mode(data / "weights" / "mine.safetensors") == 0o644


def test_a_database_that_another_command_made_is_closed(tmp_path: Path) -> None:
    data = private_folder(tmp_path / "data")
    (data / "tempera.sqlite3").touch()
    (data / "tempera.sqlite3").chmod(0o644)
    private_folder(data)
    assert mode(data / "tempera.sqlite3") == 0o600


@pytest.mark.parametrize(("names", "before"), [(["notes.txt"], 0o755), (["tempera.sqlite3"], 0o1777)])
def test_a_folder_of_others_is_left_alone_and_told(
    tmp_path: Path, settings: object, names: list[str], before: int
) -> None:
    for name in names:
        (tmp_path / name).touch()
    tmp_path.chmod(before)
    private_folder(tmp_path)
    assert mode(tmp_path) == before
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    assert "tempera.W003" in [message.id for message in check_settings()]
    tmp_path.chmod(0o700)
    assert "tempera.W003" not in [message.id for message in check_settings()]


def test_pictures_and_loras_are_for_us_alone(db: None, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        name = default_storage.save("images/a.png", ContentFile(b"a picture"))
        assert mode(Path(default_storage.path(name))) == 0o600
        folder = root() / "uploads"
        folder.mkdir(parents=True)
        part = folder / "part"
        part.write_bytes(b"a LoRA")
        assert mode(root() / move_into_place(part, "uploads", "abc")) == 0o600
    finally:
        os.umask(before)
