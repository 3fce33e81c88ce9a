"""`manage.py fill_fingerprints`: give every picture a fingerprint that was made before there were any."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.management.tables import require_tables
from accounts.refusals import NotFound
from generation.models import GeneratedImage
from generation.storage.fingerprints import fingerprint_of

PICTURES_A_READ = 500


class Command(BaseCommand):
    help = "Make the fingerprints of pictures that have none. Run again, it goes on where it stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--most", type=int, default=0, help="stop after so many pictures; 0 does all")

    def handle(self, *, most: int, **options: Any) -> str:
        require_tables()
        made = gone = last = 0
        while not most or made < most:
            rows = GeneratedImage.objects.filter(pk__gt=last, fingerprint=None).exclude(thumbnail="").order_by("pk")
            images = list(rows[: min(PICTURES_A_READ, most - made) if most else PICTURES_A_READ])
            if not images:
                break
            for image in images:
                try:
                    fingerprint_of(image)
                    made += 1
                except NotFound:
                    gone += 1
            last = images[-1].pk
        return f"{made} fingerprints made" + (f"; of {gone} pictures the file is gone" if gone else "")
