"""`manage.py render PROMPT --out FILE`: draw one picture in this process, with no broker, no account and no charge."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.resolving import find_checkpoint
from generation.jobs.lifecycle import infotext_of
from generation.jobs.submission import prepare, random_seed
from generation.models import Checkpoint
from generation.recipes.picture import Recipe

FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}


class Command(BaseCommand):
    help = "Draw a picture from a prompt into a file, without the queue."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("prompt")
        parser.add_argument("--out", type=Path, required=True, help="a .png, .jpg or .webp file")
        parser.add_argument("--negative", default="", help="what the picture should not show")
        parser.add_argument("--checkpoint", default="", help="a name of the catalog; default: the site's")
        parser.add_argument("--seed", type=int, help="0 to 4294967295; default: random")
        parser.add_argument("--steps", type=int)
        parser.add_argument("--cfg", type=float)
        parser.add_argument("--sampler")
        parser.add_argument("--schedule", default="Automatic")
        parser.add_argument("--width", type=int)
        parser.add_argument("--height", type=int)

    def handle(self, *, out: Path, **options: Any) -> str:
        if out.suffix.lower() not in FORMATS:
            raise CommandError("--out must end in .png, .jpg or .webp.")
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
        from generation.imaging.encode import encode_image
        from generation.worker.weights import CatalogWeights

        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        renderer = Renderer(CatalogWeights(), device=settings.RENDERING.device, threads=settings.RENDERING.threads)
        try:
            with tqdm(unit="step", file=self.stderr, desc="Drawing") as bar:
                for event in renderer.render(recipe):
                    if isinstance(event, Rendered):
                        text = infotext_of(recipe)
                        out.write_bytes(encode_image(event.pixels, FORMATS[out.suffix.lower()], recipe_text=text))
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
    checkpoint = find_checkpoint(nobody, options["checkpoint"])
    return prepare(nobody, filled_in(checkpoint, options), 1)[0]


def filled_in(checkpoint: Checkpoint, options: dict[str, Any]) -> Recipe:
    def said(name: str, default: Any) -> Any:
        return default if options[name] is None else options[name]

    return Recipe(
        prompt=options["prompt"],
        negative_prompt=options["negative"],
        checkpoint=checkpoint.name,
        width=said("width", checkpoint.native_width),
        height=said("height", checkpoint.native_height),
        steps=said("steps", checkpoint.default_steps),
        cfg_scale=said("cfg", checkpoint.default_cfg_scale),
        sampler=said("sampler", checkpoint.default_sampler),
        schedule=options["schedule"],
        seed=said("seed", random_seed()),
    )
