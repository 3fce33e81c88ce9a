"""`manage.py restore FILE`: a backup into an empty place, after all of it was checked."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.refusals import counted
from config.backup import kept
from config.backup.progress import on_terminal
from config.backup.reading import Checked, check, restore
from config.backup.refused import Refused
from config.platform.preflight import NotReady, lock_data_folder
from generation.storage.files import StorageAway


class Command(BaseCommand):
    help = "Restore the backup FILE into an empty database, storage and weights folder. Tempera must not run."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--check", action="store_true", help="only read it and say whether it is whole")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            if options["check"]:
                self.stdout.write(f"{file} is whole: {described(check(file, on_terminal))}.")
                return
            with lock_data_folder():
                restored = restore(file, on_terminal)
        except (Refused, NotReady, StorageAway) as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"Restored {described(restored)}.")
        for line in advice(restored):
            self.stdout.write(line)


def described(found: Checked) -> str:
    parts = {"media": found.media, "weights": found.weights, "secrets": found.secrets}
    counts = "".join(f", {counted(parts[part], 'file')} of {part}" for part in found.manifest.parts)
    return f"rows of {found.manifest.made_at} ({found.manifest.engine} {found.manifest.engine_version}){counts}"


def advice(restored: Checked) -> list[str]:
    """What is left for the operator to do."""
    lines = []
    if restored.secrets:
        lines.append(f"The secrets in {settings.DATA_DIR} are those of the backup now.")
    elif not kept.knows_key(restored.manifest.key_mark):
        lines.append(
            "SECRET_KEY is another here than where the backup was made: set SECRET_KEY, or SECRET_KEY_FALLBACKS, to "
            "that one, else nobody is signed in any more and what is sealed by it stays closed."
        )
    if "media" not in restored.manifest.parts:
        lines.append("It held no files of pictures: bring them back to the storage, or pages will lack them.")
    if restored.gone:
        lines.append(
            f"{counted(len(restored.gone), 'file')} had been deleted while it was made: {restored.gone[0]} ..."
        )
    if restored.lost_exports:
        copies = "A person's copy of their data" if restored.lost_exports == 1 else "People's copies of their data"
        lines.append(f"{copies} did not come along ({restored.lost_exports}): who wants theirs asks again.")
    lines.append("Run `python manage.py import_weights`, start Tempera, then run `python manage.py audit_consistency`.")
    return lines
