"""`manage.py backup FILE`: rows, and by choice pictures, weights and secrets, as one file, while the site runs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.management.tables import require_tables
from accounts.refusals import counted
from config.backup.contents import PARTS
from config.backup.progress import on_terminal
from config.backup.refused import Refused
from config.backup.writing import Made, back_up

WORDS = {
    "media": "the files of pictures, data sets and trainings",
    "weights": "the files of the site's own weights folder",
    "secrets": "the secrets that the site keeps in its data folder (SECRET_KEY, the keys that sign)",
}
SHOWN = 10


class Command(BaseCommand):
    help = "Write a backup to FILE, a tar compressed by gzip. The site may run meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="as in tempera.tar.gz; it must not be there yet")
        for part, words in WORDS.items():
            parser.add_argument(f"--{part}", action="store_true", help=f"with {words}")

    def handle(self, *, file: Path, **options: Any) -> None:
        require_tables()
        parts = [part for part in PARTS if options[part]]
        try:
            made = back_up(file, parts, on_terminal)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        self.tell(file, made, parts)

    def tell(self, file: Path, made: Made, parts: list[str]) -> None:
        """What is in the file and what is not, and what could not be followed."""
        counts = {"media": made.media, "weights": made.weights, "secrets": made.secrets}
        inside = "".join(f", {counted(counts[part], 'file')} of {part}" for part in parts)
        self.stdout.write(f"{file} holds all rows{inside}.")
        for part, words in WORDS.items():
            if part not in parts:
                self.stdout.write(f"Not in it: {words} (--{part}).")
        if "secrets" in parts:
            self.stdout.write("It holds secrets: whoever reads the file can sign for this site. Keep it as a password.")
        else:
            self.stdout.write(
                "What is sealed by SECRET_KEY opens only with that key again: keep it apart from this file."
            )
        self.list_names("Deleted while the backup was made", made.gone)
        self.list_names("Links that lead to what has another name there, or to nothing", made.unfollowed)

    def list_names(self, words: str, names: list[str]) -> None:
        if names:
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            self.stdout.write(f"{words}: {', '.join(names[:SHOWN])}{more}.")
