"""`manage.py measure_watermark FOLDER`: what the invisible watermark survives, on a folder of pictures."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from PIL import Image

from generation.imaging.untrusted import open_picture
from generation.imaging.upright import upright
from generation.imaging.watermark_measured import keep, measure

ENDINGS = (".png", ".jpg", ".jpeg", ".webp")


class Command(BaseCommand):
    help = "Measure what the watermark survives; the table of the help page is made with --write."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="PNG, JPEG or WebP pictures, 512 pixels or more each way")
        parser.add_argument("--write", action="store_true", help="keep the figures for the help page")

    def handle(self, *, folder: Path, write: bool, **options: Any) -> str:
        pictures = list(pictures_in(folder))
        if not pictures:
            raise CommandError(f"{folder} holds no pictures.")
        measurement = measure(pictures)
        if write:
            keep(measurement)
        lines = [f"{measurement.pictures} pictures, {measurement.decibels} dB, {measurement.wrong} wrong numbers"]
        for row in measurement.rows:
            lines.append(f"{row.side} px, {row.change}: {row.read} of {row.pictures}")
        return "\n".join(lines)


def pictures_in(folder: Path) -> Iterator[Image.Image]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix.lower() in ENDINGS:
            yield upright(open_picture(path.read_bytes()))
