"""`manage.py import_weights [FOLDER]`: register the weight files of a folder in the catalog."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.management.tables import require_tables
from generation.catalog.importing import import_folder
from generation.catalog.loras.naming import clean_line


class Command(BaseCommand):
    help = "Register checkpoints, LoRAs, embeddings and VAEs: those of FOLDER, or of every weights folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, help="one of the weights folders, or a folder inside one")

    def handle(self, *, folder: Path | None, **options: Any) -> str:
        require_tables()
        counts: Counter[str] = Counter()
        for root in self.roots(folder):
            for found in import_folder(root):
                counts[found.outcome] += 1
                if found.outcome != "unchanged":
                    self.stdout.write(f"{clean_line(found.path.name)} {found.sentence}")
        return ", ".join(f"{n} {outcome}" for outcome, n in counts.items()) or "No weight files found."

    def roots(self, folder: Path | None) -> list[Path]:
        """Paths in the catalog are relative to a weights folder, so a file must lie inside one."""
        known = [Path(root).resolve() for root in settings.WEIGHTS_DIRS]
        if folder is None:
            return known
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        if not any(folder.resolve().is_relative_to(root) for root in known):
            raise CommandError(f"Put the weights under {known[0]}, where the workers look for them.")
        return [root for root in known if folder.resolve().is_relative_to(root)]
