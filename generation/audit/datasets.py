"""Whether the pictures of data sets and their files agree. It only looks; old orphans are swept by `keeping`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from generation.audit.findings import Finding
from generation.models import DataPicture
from generation.storage import files
from generation.training.datasets import lifecycle


def missing_files() -> Iterator[Finding]:
    for picture in DataPicture.objects.select_related("dataset").iterator():
        for name in (picture.file, picture.thumbnail):
            if not files.is_there(name):
                advice = f"Restore it from a backup, or take the picture out of data set {picture.dataset.code}."
                yield Finding("dataset-file-missing", name, advice)


def orphan_files() -> Iterator[Finding]:
    for name in lifecycle.orphans():
        advice = "No data set uses this file; remove it."
        yield Finding("orphan-dataset-file", name, advice, partial(files.discard, name))


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (missing_files, orphan_files)
