"""`manage.py import_weights`: fills the catalog from the weights folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from generation.models import Checkpoint


def test_it_works(db: None) -> None:
    assert call_command("import_weights") == "3 added"
    assert Checkpoint.objects.count() == 1
    assert call_command("import_weights") == "3 unchanged"


def test_a_folder_elsewhere_is_refused_with_the_right_place(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Put the weights under"):
        call_command("import_weights", tmp_path)


def test_a_missing_folder_is_refused(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not a folder"):
        call_command("import_weights", tmp_path / "missing")
