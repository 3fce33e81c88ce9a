"""`manage.py render PROMPT --out FILE`: draw one picture in this process, with no broker, no account and no charge."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts.management.tables import require_tables
from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.resolving import find_checkpoint
from generation.jobs.lifecycle import infotext_of
from generation.jobs.submission import prepare, random_seed
from generation.recipes.fields import FIELDS, Choice, Name, Number, RecipeField, defaults_for
from generation.recipes.picture import Recipe

FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}


class Command(BaseCommand):
    help = "Draw a picture from a prompt into a file, without the queue."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("prompt")
        parser.add_argument("--out", type=Path, required=True, help="a .png, .jpg or .webp file")
        for row in FIELDS.values():
            if row.name != "prompt":
                option = row.option or row.name.replace("_", "-")
                parser.add_argument(f"--{option}", dest=row.name, type=getattr(row, "number", str), help=help_of(row))

    def handle(self, *, out: Path, **options: Any) -> str:
        if out.suffix.lower() not in FORMATS:
            raise CommandError("--out must end in .png, .jpg or .webp.")
        require_tables()
        try:
            recipe = recipe_of(options)
            self.draw(recipe, out)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        return f"{out}: {recipe.prompt}, seed {recipe.seed}"

    def draw(self, recipe: Recipe, out: Path) -> None:
        # Only here: the other commands start without torch.
        from generation.engine.outcome import Rendered, RenderError
        from generation.engine.renderer import Renderer
        from generation.storage.marks import converted, marked
        from generation.worker.weights import CatalogWeights

        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        renderer = Renderer(CatalogWeights(), device=settings.RENDERING.device, threads=settings.RENDERING.threads)
        try:
            with tqdm(unit="step", file=self.stderr, desc="Drawing") as bar:
                for event in renderer.render(recipe):
                    if isinstance(event, Rendered):
                        text = infotext_of(recipe)
                        png = marked(event.pixels).png(text)
                        format = FORMATS[out.suffix.lower()]
                        out.write_bytes(png if format == "png" else converted(png, format, text))
                    else:
                        bar.total = event.total
                        bar.update(event.index - bar.n)
        except RenderError as error:
            raise CommandError(str(error)) from error
        finally:
            renderer.close()


def recipe_of(options: dict[str, Any]) -> Recipe:
    """The recipe of the command line, with the checkpoint's defaults where nothing was said."""
    nobody = User(username="shell", is_superuser=True)
    checkpoint = find_checkpoint(nobody, options["checkpoint"] or "")
    given = {name: options[name] for name in FIELDS if options[name] is not None}
    return prepare(nobody, Recipe(**{**defaults_for(checkpoint), "seed": random_seed(), **given}), 1)[0]


def help_of(row: RecipeField) -> str:
    """What the field is, and what it may be; argparse reads percent signs."""
    limits = ""
    if isinstance(row, Number):
        limits = " {:.15g} to {:.15g}.".format(*row.limits)
    elif isinstance(row, Name | Choice) and row.choices:
        limits = f" One of: {', '.join(row.choices)}."
    return f"{row.explanation}{limits}".replace("%", "%%")
