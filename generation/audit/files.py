"""Whether the rows of data sets, LoRAs and pictures to start from agree with their files.

Those of jobs and trainings are beside their rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from generation.audit.findings import Check, Finding
from generation.catalog import bucket
from generation.catalog.loras import files as lora_files
from generation.jobs import sources
from generation.models import DataPicture, Lora, SourcePicture
from generation.storage import files
from generation.training.datasets import lifecycle as datasets


def missing_dataset_files() -> Iterator[Finding]:
    for picture in DataPicture.objects.select_related("dataset").iterator():
        for name in (picture.file, picture.thumbnail):
            if not files.is_there(name):
                advice = f"Restore it from a backup, or take the picture out of data set {picture.dataset.code}."
                yield Finding("dataset-file-missing", name, advice)


def orphan_dataset_files() -> Iterator[Finding]:
    for name in datasets.orphans():
        advice = "No data set uses this file; remove it."
        yield Finding("orphan-dataset-file", name, advice, partial(files.discard, name))


def missing_lora_files() -> Iterator[Finding]:
    for lora in Lora.objects.exclude(path="").iterator():
        if lora_files.path_of_row(lora) is None and not bucket.name_of_file(lora.sha256):
            yield Finding("lora-file-missing", lora.path, f"Restore it from a backup, or delete LoRA “{lora.name}”.")


def orphan_lora_files() -> Iterator[Finding]:
    for path in lora_files.orphans():
        remove = partial(Path.unlink, path, missing_ok=True)
        name = path.relative_to(lora_files.root()).as_posix()
        yield Finding("orphan-lora-file", name, "No LoRA uses this file; remove it.", remove)


def missing_source_files() -> Iterator[Finding]:
    for source in SourcePicture.objects.iterator():
        for name in (source.file, source.thumbnail):
            if not files.is_there(name):
                yield Finding("source-file-missing", name, f"Restore it from a backup, or delete source {source.code}.")


def orphan_source_files() -> Iterator[Finding]:
    for name in sources.orphans():
        advice = "No picture to start from uses this file; remove it."
        yield Finding("orphan-source-file", name, advice, partial(files.discard, name))


CHECKS: tuple[Check, ...] = (
    missing_dataset_files,
    orphan_dataset_files,
    missing_lora_files,
    orphan_lora_files,
    missing_source_files,
    orphan_source_files,
)
