"""Copies of their data that people asked for: in no backup, and offered after a restore only where they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import call_command

from accounts.models import User
from config import tasks
from config.exports import disk
from config.exports import queue as exports
from generation.models import AccountExport
from tests.platform.backups import emptied, members_of
from tests.platform.test_backup import data, put, said

__all__ = ["data", "said"]


def test_copies_of_peoples_data_are_asked_for_again(
    transactional_db: None, alice: User, bob: User, data: Path, tmp_path: Path, settings: Any, said: Any
) -> None:
    """Alice's is finished and bob's waits; nothing offers a file that is not there, and she need not wait an hour."""
    settings.EXPORTS_DIR = data / "exports"
    exports.ask_for_export(alice)
    assert tasks.export_accounts() == 1
    made = AccountExport.objects.get()
    put(f"exports/{made.file}", b"as in a bucket")
    exports.ask_for_export(bob)
    file = tmp_path / "all.tar.gz"
    said("backup", str(file), "--media")
    assert not [name for name in members_of(file) if made.file in name]
    assert made.file.encode() not in members_of(file)["media.json"]
    with emptied(tmp_path / "new", settings):
        settings.EXPORTS_DIR = settings.DATA_DIR / "exports"
        assert "A person's copy of their data did not come along (1)" in said("restore", str(file))
        assert [export.owner.username for export in AccountExport.objects.all()] == ["bob"]
        call_command("audit_consistency")
        exports.ask_for_export(alice)
        assert tasks.export_accounts() == 2
        assert {disk.is_there(export.file) for export in AccountExport.objects.all()} == {True}


def test_a_copy_that_is_there_stays(
    transactional_db: None, alice: User, data: Path, tmp_path: Path, settings: Any, said: Any
) -> None:
    """Rows alone, restored beside the folder or bucket of before."""
    settings.EXPORTS_DIR = data / "exports"
    exports.ask_for_export(alice)
    tasks.export_accounts()
    file = tmp_path / "rows.tar.gz"
    said("backup", str(file))
    with emptied(tmp_path / "new", settings):
        assert "did not come along" not in said("restore", str(file))
        assert disk.is_there(AccountExport.objects.get().file)
