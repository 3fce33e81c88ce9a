"""A command of the shell on a fresh clone says in one sentence what to run first, and shows no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from tests.architecture.test_settings import run


@pytest.mark.parametrize(
    "command",
    [
        ("render", "a cat", "--out", "cat.png"),
        ("train_lora", "pictures"),
        ("inspect_prompt", "a cat"),
        ("import_weights",),
        ("audit_consistency",),
        ("audit_credits",),
        ("grant_credits", "alice", "5"),
        ("seed_demo",),
    ],
)
def test_a_database_without_its_tables_is_told(db: None, command: tuple[str, ...]) -> None:
    MigrationRecorder(connection).migration_qs.all().delete()
    with pytest.raises(CommandError, match=r"run `python manage\.py migrate`"):
        call_command(*command)


def test_render_on_a_fresh_clone(tmp_path: Path) -> None:
    done = run("manage", "render", "a cat", "--out", str(tmp_path / "cat.png"), DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "`python manage.py migrate`" in done.stderr.strip().splitlines()[-1]
