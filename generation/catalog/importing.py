"""Filling the catalog: what lies in a weights folder becomes rows. Which rows a user may use is `resolving`'s.

A card, `NAME.card.json` beside a file or a checkpoint's folder, brings what no header tells: title, licence,
description, defaults and example prompts. It is read when the file comes into the catalog; afterwards the admin has
the say, and an import that finds the same file again leaves those fields as they are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.db.models import Field

from generation.catalog import bucket
from generation.catalog.defaults import check_recommended
from generation.catalog.loras.files import FOLDERS as USER_FOLDERS
from generation.catalog.loras.naming import clean_line, first_free, numbered, word_of
from generation.models import Annotator, Checkpoint, ControlNet, Embedding, Lora, Upscaler, Vae
from generation.models.catalog import WeightRow
from generation.prompting.names import without_suffix
from generation.recipes.checks import InvalidRecipe
from generation.recipes.fields import SIDE_RANGE
from generation.weightfiles.annotators import task_of
from generation.weightfiles.classify import WeightFile, read_weightfile
from generation.weightfiles.hashing import stamp_of
from generation.weightfiles.safetensors_header import WeightFileRefused

logger = structlog.get_logger(__name__)

ROWS: dict[str, type[WeightRow]] = {
    "checkpoint": Checkpoint, "lora": Lora, "embedding": Embedding, "vae": Vae, "controlnet": ControlNet,
    "annotator": Annotator, "upscaler": Upscaler,
}  # fmt: skip
CARD_FIELDS = {
    "title", "licence", "description", "example_prompts", "trigger_words", "native_width", "native_height",
    "default_steps", "default_cfg_scale", "default_sampler",
}  # fmt: skip
PICKLES = {".ckpt", ".pt", ".pth", ".bin"}
FOREIGN = {".gguf", ".onnx"}
CARD_LISTS = {"example_prompts", "trigger_words"}
MAX_PATH_CHARS = 500
MAX_BLOCKS = 8
"""Of a VAE, each of which halves the side; Stable Diffusion's have four."""
NATIVE_SIDES = {"sd1": 512, "sd2": 768, "sdxl": 1024, "mini": 128}


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of one file: `outcome` is added, updated, unchanged, skipped or refused, `sentence` says why."""

    path: Path
    outcome: str
    sentence: str


def import_folder(folder: Path) -> Iterator[ImportOutcome]:
    """Register every weight file under `folder`, in order of name; what became of each is yielded at once.

    Weights in other formats are not opened, but named: whoever put them there waits for them.
    """
    for path in weight_paths(folder):
        yield imported(path, folder)


def imported(path: Path, root: Path) -> ImportOutcome:
    """What became of one file. Whatever is wrong with it, the others come in, and the site starts."""
    try:
        found = skipped(path)
        if found is None:
            found = register(path, root)
            publish(path, root)
        return found
    except WeightFileRefused as refusal:
        return ImportOutcome(path, "refused", str(refusal))
    except OSError as error:
        return ImportOutcome(path, "refused", f"cannot be read: {error.strerror or error}.")
    except OperationalError:  # nothing of the file's: the database is away
        raise
    except Exception:
        logger.exception("weights_not_imported", path=str(path))
        return ImportOutcome(path, "refused", "cannot be taken for a reason that nobody foresaw; the log tells it.")


def publish(path: Path, root: Path) -> None:
    """Write registered weights into the bucket, where workers fetch them from it."""
    if bucket.is_used():
        relative = path.relative_to(root).as_posix()
        found = (rows.objects.filter(path=relative).first() for rows in ROWS.values())
        bucket.publish(path, next(row.sha256 for row in found if row))


def weight_paths(folder: Path, leaving_out: tuple[str, ...] = USER_FOLDERS) -> Iterator[Path]:
    """Folders in diffusers' layout and single files, without looking inside the former.

    Files of users are left out: whoever brings them makes their rows, never an import.
    """
    try:
        paths = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError:  # whoever takes it is told why
        yield folder
        return
    for path in (path for path in paths if path.name not in leaving_out):
        if path.is_dir() and (os.path.exists(path / "model_index.json") or is_network_folder(path)):
            yield path
        elif path.is_dir():
            yield from weight_paths(path, ())
        elif path.suffix.lower() in {".safetensors", *PICKLES, *FOREIGN}:
            yield path


def skipped(path: Path) -> ImportOutcome | None:
    """Why a file is left where it lies, if it is; folders never are."""
    form = path.suffix.lower()
    if path.is_dir() or form not in PICKLES | FOREIGN:
        return None
    why = "a pickle, which can run code of its maker when it is opened" if form in PICKLES else "not read by Tempera"
    return ImportOutcome(path, "skipped", f"is skipped: {form} is {why}. Take or convert it to .safetensors.")


def is_network_folder(folder: Path) -> bool:
    """Whether it holds one network: a VAE, a ControlNet or an annotator."""
    config = read_json(folder / "config.json")
    return str(config.get("_class_name", "")).startswith(("Autoencoder", "ControlNet")) or bool(task_of(config))


def register(path: Path, root: Path) -> ImportOutcome:
    """One file becomes one row, known by its sha256; an unchanged file is not read again."""
    relative = path.relative_to(root).as_posix()
    if not relative.isprintable() or len(relative) > MAX_PATH_CHARS:
        raise WeightFileRefused("bad-name", f"has a name that is no line of {MAX_PATH_CHARS} letters. Rename it.")
    stamp = stamp_of(path)
    if any(rows.objects.filter(path=relative, stamp=stamp).exists() for rows in ROWS.values()):
        return ImportOutcome(path, "unchanged", "is in the catalog")
    weights = read_weightfile(path)
    rows = ROWS[weights.kind]
    fields = {"path": relative, "file_name": without_suffix(relative), "stamp": stamp, **fields_of(weights, path)}
    # Files that people brought are LoRAs alone; any other row is the site's, also one that is kept for one person.
    known = rows.objects.filter(sha256=weights.sha256, **({"owner": None} if rows is Lora else {}))
    if known.update(**{name: value for name, value in fields.items() if name not in CARD_FIELDS}):
        return ImportOutcome(path, "updated", f"is the {weights.kind} “{known.get().name}”")
    fields |= card_of(path, rows)
    with transaction.atomic():
        retire_former(rows, relative)
        name = free_name(rows, relative, weights.autov2)
        row = rows(name=name, sha256=weights.sha256, **fields)
        if isinstance(row, Checkpoint):
            row.is_default = not weights.inpaints and not Checkpoint.objects.filter(is_default=True).exists()
        row.save()
    without = f", without {weights.left_out}" if weights.left_out else ""
    return ImportOutcome(path, "added", f"is now the {weights.kind} “{name}”{without}")


def retire_former(rows: type[WeightRow], relative: str) -> None:
    """Another file lies where a known one was: the old row stays for old recipes and frees its name."""
    for row in rows.objects.filter(path=relative, **({"owner": None} if rows is Lora else {})):
        row.name, row.path, row.stamp, row.is_enabled = f"{row.name[:80]}-{row.autov2}", "", "", False
        if isinstance(row, Checkpoint):
            row.is_default = False
        row.save()


def free_name(rows: type[WeightRow], relative: str, autov2: str) -> str:
    """The file's stem as one word for prompts; where that is taken, with its folder in front, and at last a number.

    A LoRA's may be no series' or page's either. A stem without any letter is called by its hash.
    """
    *folders, stem = without_suffix(relative).split("/")
    name = word_of(stem, f"{rows._meta.model_name}-{autov2}")
    words = [name, word_of(f"{folders[-1]}-{stem}", name)] if folders else [name]
    if rows is Lora:
        return first_free(*words)
    taken = {each.casefold() for each in rows.objects.values_list("name", flat=True)}
    return next(each for each in chain(words, numbered(name)) if each.casefold() not in taken)


def fields_of(weights: WeightFile, path: Path) -> dict[str, Any]:
    """What the header tells, as fields of the row."""
    fields: dict[str, Any] = {
        # Words that were joined for a file's name are set apart; a title with blanks is as somebody wrote it.
        "title": weights.title if " " in weights.title else weights.title.replace("-", " ").replace("_", " "),
        "family": weights.family,
        "size_bytes": weights.size_bytes,
        "licence": clean_line(weights.metadata.get("modelspec.license", ""), 60),
    }
    if weights.kind == "lora":
        fields |= {"rank": weights.rank, "trigger_words": list(weights.trigger_words), "lora_hash": weights.lora_hash}
        fields |= {"left_out": weights.left_out[:300]}
    if weights.kind == "embedding":
        fields |= {"tokens": weights.vectors or 1}
    if weights.kind == "annotator":
        fields |= {"task": weights.task}
    if weights.kind == "upscaler":
        fields |= {"scale": weights.scale}
    if weights.kind == "checkpoint":
        side = native_side(path) or NATIVE_SIDES[weights.family]
        fields |= {"layout": weights.layout, "native_width": side, "native_height": side}
        fields |= {"chunk_tokens": chunk_tokens(path), "is_inpainting": weights.inpaints}
    return fields


def native_side(folder: Path) -> int:
    """The side in pixels that a checkpoint's folder was trained for: latent side times VAE factor; 0: not told."""
    sample = read_json(folder / "unet" / "config.json").get("sample_size")
    blocks = read_json(folder / "vae" / "config.json").get("block_out_channels")
    if not (isinstance(sample, int) and isinstance(blocks, list) and 0 < len(blocks) <= MAX_BLOCKS):
        return 0
    side = sample * 2 ** (len(blocks) - 1)
    return side if SIDE_RANGE[0] <= side <= SIDE_RANGE[1] else 0


def chunk_tokens(folder: Path) -> int:
    """Tokens of one text chunk, without its first and last mark."""
    length = read_json(folder / "tokenizer" / "tokenizer_config.json").get("model_max_length")
    return int(length) - 2 if isinstance(length, int | float) and 2 < length <= 77 else 75


def card_of(path: Path, rows: type[WeightRow]) -> dict[str, Any]:
    """The fields of a file's card, if it has one. Raises WeightFileRefused for what no such row can have."""
    place = path.with_name(f"{path.name.removesuffix('.safetensors')}.card.json")
    if not place.exists():
        return {}
    card, kind = read_json(place), rows._meta.verbose_name
    if not card:
        raise WeightFileRefused("bad-card", f"has a card, {place.name}, that is no JSON object with fields.")
    known = sorted(CARD_FIELDS & {field.name for field in rows._meta.get_fields()})
    if unknown := sorted(card.keys() - set(known)):
        raise WeightFileRefused(
            "bad-card", f"has “{unknown[0]}” in its card; that of a {kind} may have {', '.join(known)}."
        )
    try:
        fields = {name: card_value(rows, name, value) for name, value in card.items()}
        check_recommended(fields)
    except InvalidRecipe as refusal:
        raise WeightFileRefused(
            "bad-card", f"has a card with a wrong “{refusal.field}”: {refusal.message}"
        ) from refusal
    return fields


def card_value(rows: type[WeightRow], name: str, value: Any) -> Any:
    """One value of a card as its column takes it. Raises InvalidRecipe."""
    if name in CARD_LISTS and not (
        isinstance(value, list) and all(isinstance(text, str) and _is_text(text) for text in value)
    ):
        raise InvalidRecipe(name, "Write a list of texts.")
    if isinstance(value, str) and not _is_text(value):
        raise InvalidRecipe(name, "Write text, without half a character or NUL.")
    column = rows._meta.get_field(name)
    if name in CARD_LISTS or not isinstance(column, Field):
        # An empty list is a value, though Django calls it a blank one.
        return value
    try:
        return column.clean(value, None)
    except ValidationError as error:
        raise InvalidRecipe(name, " ".join(error.messages)) from error
    except OverflowError as error:
        raise InvalidRecipe(name, "Write a number that is not infinite.") from error


def _is_text(value: str) -> bool:
    return not any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in value)


def read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
