"""`manage.py render PROMPT --out FILE`: draw one picture in this process, with no broker, no account and no charge."""

from __future__ import annotations

import io
import os
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from PIL import Image
from tqdm import tqdm

from accounts.management.tables import require_tables
from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.resolving import find_checkpoint
from generation.imaging.brought import bring
from generation.imaging.provenance import DRAWN_FROM_TEXT, DRAWN_OVER_A_PICTURE
from generation.jobs.lifecycle import infotext_of
from generation.jobs.submission import prepare, random_seed
from generation.recipes.controls import PREPROCESSORS, ControlPick
from generation.recipes.enlarging import LANCZOS, Enlarge
from generation.recipes.fields import FIELDS, MAX_PIXELS, Choice, Name, Number, RecipeField, defaults_for
from generation.recipes.picture import Recipe
from generation.recipes.starting import PictureRef, Start, drawn_like
from generation.storage.signing import trusted_certificates

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
        parser.add_argument("--source", type=Path, help="a picture to start from instead of noise alone")
        parser.add_argument("--upscale", type=float, help="make the --source so many times larger, 1.5 to 4, undrawn")
        parser.add_argument("--upscaler", default=LANCZOS, help="what enlarges it: Lanczos, or a network of the site")
        parser.add_argument("--strength", type=float, default=0.75, help="how much of it changes, 0 to 1")
        parser.add_argument("--mask", type=Path, help="a picture as large as the source: white is drawn, black is kept")
        parser.add_argument(
            "--control", action="append", default=[], metavar="NAME=FILE", help="a ControlNet and the picture it reads"
        )
        parser.add_argument(
            "--preprocessor",
            default="none",
            help=f"how pictures of ControlNets are made ready: {', '.join(PREPROCESSORS)}, or an annotator's name",
        )
        parser.add_argument("--control-weight", type=float, default=1.0, help="how much the ControlNets count, 0 to 2")

    def handle(
        self,
        *,
        out: Path,
        source: Path | None,
        strength: float,
        mask: Path | None,
        upscale: float | None,
        upscaler: str,
        **options: Any,
    ) -> str:
        if out.suffix.lower() not in FORMATS:
            raise CommandError("--out must end in .png, .jpg or .webp.")
        require_tables()
        try:
            brought = Brought.read(source, strength, mask)
            controls, control_pictures = controls_of(options)
            recipe = recipe_of(options, brought.start, controls)
            if upscale is not None:
                recipe = upscale_of(recipe, upscale, upscaler)
            self.draw(recipe, {**brought.pictures, **control_pictures}, brought.source_type, out)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        return f"{out}: {recipe.prompt}, seed {recipe.seed}"

    def draw(self, recipe: Recipe, pictures: Mapping[str, Image.Image], source_type: str, out: Path) -> None:
        # Only here: the other commands start without torch.
        from generation.engine.outcome import Rendered, RenderError
        from generation.engine.picturesource import GivenPictures
        from generation.engine.renderer import Renderer
        from generation.storage.marks import converted, marked
        from generation.worker.weights import CatalogWeights

        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        renderer = Renderer(
            CatalogWeights(),
            GivenPictures(pictures),
            device=settings.RENDERING.device,
            threads=settings.RENDERING.threads,
        )
        try:
            with tqdm(unit="step", file=self.stderr, desc="Drawing") as bar:
                for event in renderer.render(recipe):
                    if isinstance(event, Rendered):
                        text = infotext_of(recipe)
                        png = marked(event.pixels, source_type, drawn=event.drawn).png(text)
                        format = FORMATS[out.suffix.lower()]
                        out.write_bytes(png if format == "png" else converted(png, format, text))
                    else:
                        bar.total = event.total
                        bar.update(event.index - bar.n)
        except RenderError as error:
            raise CommandError(str(error)) from error
        finally:
            renderer.close()


@dataclass(frozen=True, slots=True)
class Brought:
    """The pictures that the command line names, by their hash, and how drawing starts from them.

    `source_type` is IPTC's term for what is made so.
    """

    start: Start | None
    pictures: Mapping[str, Image.Image]
    source_type: str = DRAWN_FROM_TEXT

    @classmethod
    def read(cls, source: Path | None, strength: float, mask: Path | None) -> Brought:
        """Raises CommandError for a file that cannot be read, Refusal for what is no picture or does not fit."""
        if source is None:
            if mask is not None:
                raise CommandError("--mask is of a picture: say which with --source.")
            return cls(None, {})
        picture = read_picture(source)
        masked = read_picture(mask) if mask else None
        start = Start(picture.ref, strength, masked.ref if masked else None)
        files = {each.ref.sha256: each.pixels for each in (picture, masked) if each}
        return cls(start, files, DRAWN_FROM_TEXT if picture.is_drawn else DRAWN_OVER_A_PICTURE)


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture as the site would keep it, under the same hash; `is_drawn`: a machine drew all of it."""

    ref: PictureRef
    pixels: Image.Image
    is_drawn: bool


def read_picture(path: Path) -> PictureFile:
    """Raises CommandError, Refusal."""
    try:
        kept = bring(path.read_bytes(), trusted_certificates())
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    ref = PictureRef(kept.sha256, kept.width, kept.height)
    return PictureFile(ref, Image.open(io.BytesIO(kept.file)), kept.source_type == DRAWN_FROM_TEXT)


def controls_of(options: dict[str, Any]) -> tuple[tuple[ControlPick, ...], Mapping[str, Image.Image]]:
    """The ControlNets of the command line, and the pictures that they read. Raises CommandError, Refusal."""
    picks, pictures = [], {}
    for text in options["control"]:
        name, equals, path = text.partition("=")
        if not equals:
            raise CommandError("--control is a name, an equals sign and a file.")
        picture = read_picture(Path(path))
        pictures[picture.ref.sha256] = picture.pixels
        picks.append(
            ControlPick(
                name,
                picture.ref,
                preprocessor=options["preprocessor"],
                weight=options["control_weight"],
            )
        )
    return tuple(picks), pictures


def recipe_of(options: dict[str, Any], start: Start | None, controls: tuple[ControlPick, ...]) -> Recipe:
    """The recipe of the command line, with the checkpoint's defaults where nothing was said."""
    nobody = User(username="shell", is_superuser=True)
    checkpoint = find_checkpoint(nobody, options["checkpoint"] or "")
    given = {name: options[name] for name in FIELDS if options[name] is not None}
    usual = {**defaults_for(checkpoint), **(drawn_like(start, MAX_PIXELS) if start else {}), "seed": random_seed()}
    return prepare(nobody, Recipe(**{**usual, **given}, start=start, controls=controls), 1)[0]


def upscale_of(recipe: Recipe, scale: float, upscaler: str) -> Recipe:
    """An upscale of the picture that the recipe starts from. Raises CommandError without one, Refusal."""
    if recipe.start is None:
        raise CommandError("--upscale is of a picture: say which with --source.")
    enlarged = recipe.enlarged(Enlarge(recipe.start.source, scale, upscaler))
    return prepare(User(username="shell", is_superuser=True), enlarged, 1)[0]


def help_of(row: RecipeField) -> str:
    """What the field is, and what it may be; argparse reads percent signs."""
    limits = ""
    if isinstance(row, Number):
        limits = " {:.15g} to {:.15g}.".format(*row.limits)
    elif isinstance(row, Name | Choice) and row.choices:
        limits = f" One of: {', '.join(row.choices)}."
    return f"{row.explanation}{limits}".replace("%", "%%")
