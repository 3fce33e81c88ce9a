"""The trained LoRA as a file in the weights folder and a private row of its owner's in the catalog."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction

from generation.catalog import bucket
from generation.catalog.importing import fields_of
from generation.catalog.loras.naming import first_free
from generation.models import Lora, Snapshot, TrainingRun
from generation.storage import files
from generation.weightfiles.classify import WeightFile, read_weightfile
from generation.weightfiles.hashing import stamp_of

FOLDER = "trained"


@dataclass(frozen=True, slots=True)
class TrainedFile:
    """A written file that no row points at yet; `path` is relative to the first weights folder."""

    path: str
    weights: WeightFile
    stamp: str


def write_lora_file(run: TrainingRun, snapshot: Snapshot) -> TrainedFile:
    """Copy the snapshot's file to where the engine finds it, whole or not at all.

    Where no row comes of it, because somebody else ended the run meanwhile, upkeep sweeps it a day later.
    """
    root = Path(settings.WEIGHTS_DIRS[0])
    target = root / FOLDER / run.code / f"{run.name}-{snapshot.step}.safetensors"
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".part-{os.getpid()}-{target.name}")
    with part.open("wb") as file:
        file.write(files.read(snapshot.file))
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)
    weights = read_weightfile(target)
    bucket.publish(target, weights.sha256)
    return TrainedFile(target.relative_to(root).as_posix(), weights, stamp_of(target))


def create_lora(run: TrainingRun, trained: TrainedFile) -> Lora:
    """The owner's private LoRA; its name is the run's, with a number when that is taken. Call in a transaction."""
    trigger = run.recipe.trigger
    fields = {
        **fields_of(trained.weights, Path(trained.path)),
        "path": trained.path,
        "stamp": trained.stamp,
        "sha256": trained.weights.sha256,
        "title": run.name.replace("-", " ").replace("_", " "),
        "trigger_words": [trigger] if trigger else list(trained.weights.trigger_words),
        "owner_id": run.owner_id,
        "is_public": False,
    }
    try:
        with transaction.atomic():
            return Lora.objects.create(name=first_free(run.name), **fields)
    except IntegrityError:  # somebody took the name since our look
        return Lora.objects.create(name=f"{run.name[:80]}-{run.code}", **fields)


def replace_lora(former: Lora, run: TrainingRun, trained: TrainedFile) -> Lora:
    """Another snapshot takes a LoRA's place, in its series too. Call in a transaction.

    The former row stays for the pictures made with it, and frees its name.
    """
    place = {"title": former.title, "series": former.series, "version": former.version}
    former.name, former.is_enabled = first_free(f"{former.name[:80]}-{former.autov2}"), False
    former.series = ""
    former.save(update_fields=["name", "is_enabled", "series"])
    lora = create_lora(run, trained)
    for field, value in place.items():
        setattr(lora, field, value)
    lora.save(update_fields=list(place))
    return lora
