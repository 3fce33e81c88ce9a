"""Whether the rows of LoRAs and the files of people's own agree. It only looks; old orphans are swept by upkeep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from generation.audit.findings import Finding
from generation.catalog.loras import files
from generation.models import Lora


def missing_files() -> Iterator[Finding]:
    for lora in Lora.objects.exclude(path="").iterator():
        if files.path_of_row(lora) is None:
            yield Finding("lora-file-missing", lora.path, f"Restore it from a backup, or delete LoRA “{lora.name}”.")


def orphan_files() -> Iterator[Finding]:
    for path in files.orphans():
        remove = partial(Path.unlink, path, missing_ok=True)
        name = path.relative_to(files.root()).as_posix()
        yield Finding("orphan-lora-file", name, "No LoRA uses this file; remove it.", remove)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (missing_files, orphan_files)
