"""`manage.py import_wildcards FOLDER`: text files become the site's wildcard lists."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.management.tables import require_tables
from generation.catalog.loras.naming import clean_line
from generation.catalog.wildcards import import_lists


class Command(BaseCommand):
    help = "Make the site's wildcard lists of a folder's text files: animals/birds.txt is __animals/birds__."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="one choice a line in each .txt file, in UTF-8")

    def handle(self, *, folder: Path, **options: Any) -> str:
        require_tables()
        if not folder.is_dir():
            raise CommandError(f"There is no folder {folder}.")
        outcomes = []
        for found in import_lists(folder):
            outcomes.append(found.outcome)
            if found.outcome != "unchanged":
                self.stdout.write(f"{clean_line(found.path.relative_to(folder).as_posix())} {found.sentence}")
        counts = [f"{outcomes.count(outcome)} {outcome}" for outcome in dict.fromkeys(outcomes)]
        return ", ".join(counts) or f"{folder} holds no .txt files."
