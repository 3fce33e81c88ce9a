"""`manage.py train_lora FOLDER --base NAME`: learn a LoRA in this process, with no broker, no account and no charge."""

from __future__ import annotations

import dataclasses
import json
import os
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts.management.tables import require_tables
from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.resolving import find_checkpoint
from generation.imaging.untrusted import MAX_FILE_BYTES, open_picture
from generation.imaging.upright import upright
from generation.recipes.presets import FIRST_PRESET, PRESETS, with_preset
from generation.recipes.training import OPTIMIZERS, PARTS, SCHEDULES, TrainingRecipe, default_folds, split
from generation.training.datasets.caption_files import (
    MAX_CAPTION_BYTES,
    CaptionFiles,
    caption_key,
    is_caption_file,
    picture_keys,
)
from generation.training.datasets.preparing import check_sides
from generation.training.datasets.refusals import RefusedFile
from generation.weightfiles.classify import classify
from generation.weightfiles.hashing import hash_weights
from generation.worker.weights import file_of

if TYPE_CHECKING:
    from generation.engine.training.trainer import Finished, Measured, TrainingPicture

PICTURES = (".png", ".jpg", ".jpeg", ".webp")
CHOICES = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES}
NOT_OPTIONS = {"checkpoint", "checkpoint_sha256", "parts", "sample_prompts", "cache"}
OPTIONS = [field for field in dataclasses.fields(TrainingRecipe) if field.name not in NOT_OPTIONS]


class Command(BaseCommand):
    help = (
        "Learn a LoRA from a folder of pictures with captions in text files, without the queue. Run again, it goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder", type=Path, help="pictures, each with its caption in a .txt or .caption file of the same name"
        )
        parser.add_argument("--base", default="", help="a checkpoint of the catalog, or its path; default: the site's")
        parser.add_argument("--out", type=Path, help="where all results go; default: FOLDER/lora")
        parser.add_argument("--name", default="", help="of the finished file; default: the folder's")
        parser.add_argument("--preset", choices=[*PRESETS], default=FIRST_PRESET, help="settings to begin with")
        parser.add_argument("--recipe", type=Path, metavar="FILE", help="settings as JSON, over the preset's")
        parser.add_argument("--parts", nargs="+", choices=PARTS, help="what of the networks learns")
        parser.add_argument("--sample", action="append", metavar="PROMPT", help="drawn at every snapshot; repeatable")
        parser.add_argument("--hold-out", action="append", metavar="PICTURE", help="by name; default: by the seed")
        for field in OPTIONS:
            parser.add_argument(f"--{field.name.replace('_', '-')}", **_argument(field))

    def handle(self, *, folder: Path, **options: Any) -> str:
        out = options["out"] or folder / "lora"
        try:
            base, recipe = self.prepare(folder, options)
            pictures = pictures_in(folder, recipe, options["hold_out"])
            snapshots, finished = self.train(recipe, base, pictures, out)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        file = write_results(out, options["name"] or folder.resolve().name, snapshots, finished)
        return f"{finished.reason}\n{file}"

    def prepare(self, folder: Path, options: dict[str, Any]) -> tuple[Path, TrainingRecipe]:
        """The checkpoint's path, and the recipe: the preset's values, then the file's, then the command line's.

        Few pictures have folds, unless an option decides what is held out.
        """
        base, name, family, sha256 = base_of(options["base"])
        chosen = settings_in(options["recipe"]) if options["recipe"] else {}
        chosen |= {field.name: options[field.name] for field in OPTIONS if options.get(field.name) is not None}
        chosen |= {"parts": tuple(options["parts"])} if options["parts"] else {}
        chosen |= {"sample_prompts": tuple(options["sample"])} if options["sample"] else {}
        if options["hold_out"] is None and not chosen.keys() & {"folds", "held_out"}:
            chosen["folds"] = default_folds(max(1, len(paths_in(folder))))
        recipe = TrainingRecipe(checkpoint=name, checkpoint_sha256=sha256)
        return base, with_preset(recipe, options["preset"], family, **chosen)

    def train(
        self, recipe: TrainingRecipe, base: Path, pictures: Sequence[TrainingPicture], out: Path
    ) -> tuple[list[Measured], Finished]:
        # Imported here, so that other commands start without torch.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from generation.engine.outcome import RenderError
        from generation.engine.training.trainer import Measured, Progress, TrainingError, train

        snapshots: list[Measured] = []
        try:
            with tqdm(total=recipe.steps, unit="step", file=self.stderr, desc="Learning") as bar:
                where: dict[str, Any] = {"device": settings.RENDERING.device, "threads": settings.RENDERING.threads}
                for event in train(recipe, base, pictures, out, **where):
                    if isinstance(event, Measured):
                        snapshots.append(event)
                        bar.write(summary_of(event), file=self.stderr)
                    elif isinstance(event, Progress):
                        bar.set_postfix_str(f"loss {event.loss:.3f}", refresh=False)
                        bar.update(event.step - bar.n)
                    else:
                        return sorted(snapshots, key=lambda one: one.step), event
        except (TrainingError, RenderError) as error:
            raise CommandError(str(error)) from error
        raise CommandError("The training ended without a result.")


def base_of(name: str) -> tuple[Path, str, str, str]:
    """The path, name, family and hash of a checkpoint, given by its path or its name in the catalog."""
    path = Path(name)
    if name and path.exists():
        kind, family = classify(path)
        if kind != "checkpoint":
            raise CommandError(f"{path} is no checkpoint but a file of kind “{kind}”.")
        return path, path.stem, family, hash_weights(path)
    require_tables()
    row = find_checkpoint(User(username="shell", is_superuser=True), name)
    return file_of(row), row.name, row.family, row.sha256


def settings_in(path: Path) -> dict[str, Any]:
    """Fields of a training recipe from a JSON file; its keys that begin with an underscore are remarks."""
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read as JSON.") from error
    if not isinstance(values, dict):
        raise CommandError(f"{path} is not a table of settings.")
    known = {field.name for field in dataclasses.fields(TrainingRecipe)}
    if unknown := {name for name in values if not name.startswith("_")} - known:
        raise CommandError(f"{path} names unknown settings: {', '.join(sorted(unknown))}.")
    lists = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return {name: value for name, value in lists.items() if name in known}


def pictures_in(folder: Path, recipe: TrainingRecipe, hold_out: Iterable[str] | None) -> list[TrainingPicture]:
    """The folder's pictures in the order of their names. Raises CommandError where there are none."""
    from generation.engine.training.trainer import TrainingPicture

    paths = paths_in(folder)
    if not paths:
        raise CommandError(f"{folder} holds no pictures ({', '.join(PICTURES)}).")
    for path in paths:
        check_picture(path)
    names = [path.stem for path in paths]
    if missing := set(hold_out or ()) - set(names):
        raise CommandError(f"{folder} holds no picture named {', '.join(sorted(missing))}.")
    chosen = {names[index] for index in split(len(names), recipe.seed, recipe.held_out)}
    held_out = chosen if hold_out is None else set(hold_out)
    captions = captions_in(folder, paths)
    return [TrainingPicture(path.stem, path, captions[path], path.stem in held_out) for path in paths]


def check_picture(path: Path) -> None:
    """Raise CommandError for a picture that the studio would not take either: by its bytes, pixels, format or sides."""
    try:
        with path.open("rb") as file:
            image = upright(open_picture(file.read(MAX_FILE_BYTES + 1)))
        check_sides(image.width, image.height)
    except Refusal as refused:
        raise CommandError(f"{path}: {refused}") from refused
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def paths_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURES)


def captions_in(folder: Path, pictures: Sequence[Path]) -> dict[Path, str]:
    """The captions of the pictures; other texts of the folder are not looked at. Raises CommandError for a bad one."""
    keys = {key for path in pictures for key in picture_keys(path.name)}
    files = CaptionFiles()
    for path in sorted(folder.glob("*")):
        if is_caption_file(path.name) and caption_key(path.name) in keys and path.is_file():
            try:
                with path.open("rb") as file:
                    files.add(path.name, file.read(MAX_CAPTION_BYTES + 1))
            except Refusal as refused:
                raise CommandError(f"{path}: {refused}") from refused
            except OSError as error:
                raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    captions = {path: files.caption_of(path.name) for path in pictures}
    for left in files.left():
        if isinstance(left, RefusedFile):
            raise CommandError(f"{folder / left.name}: {left.sentence}")
    return captions


def write_results(out: Path, name: str, snapshots: Sequence[Measured], finished: Finished) -> Path:
    """Write the selected LoRA under its name, and the contact sheet beside it; the path of the LoRA."""
    from generation.engine.training.contact_sheet import contact_sheet
    from generation.imaging.encode import encode_image
    from generation.storage.signing import sign

    file = out / f"{name}.safetensors"
    file.write_bytes(finished.file.read_bytes())
    sheet = encode_image(contact_sheet(snapshots, finished.best_step), "webp")
    (out / f"{name}-sheet.webp").write_bytes(sign(sheet, "webp"))
    return file


def summary_of(snapshot: Measured) -> str:
    validation = "" if snapshot.validation_loss is None else f", validation {snapshot.validation_loss:.3f}"
    alike = f"; {len(snapshot.memorised)} samples look like a training picture" if snapshot.memorised else ""
    return f"step {snapshot.step}: loss {snapshot.training_loss:.3f}{validation}{alike}"


def _argument(field: dataclasses.Field[Any]) -> dict[str, Any]:
    """How argparse reads a field: by the type of its default."""
    if isinstance(field.default, bool):
        return {"action": "store_true", "default": None, "help": field.name.replace("_", " ")}
    kind = int if field.default is None else type(field.default)
    choices = CHOICES.get(field.name)
    return {"type": kind, "choices": choices, "help": f"default: the preset's, else {field.default!r}"}
