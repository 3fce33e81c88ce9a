"""Where people's own weight files lie: below the first weights folder, under names that the site makes.

A file appears whole or not at all. It is removed when no row uses it any more.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from accounts.refusals import Refusal
from generation.models import Lora
from generation.storage.files import ORPHAN_KEPT_FOR, room_needed, sync_folder

FOLDERS = ("uploads", "merged", "trained")
PART = ".part-"


class TooLarge(Refusal):
    """More bytes than are taken."""

    status = 413


def root() -> Path:
    return Path(settings.WEIGHTS_DIRS[0])


@room_needed()
def fresh_file(folder: str) -> Path:
    """An empty file of this process's own, beside those that are kept; its name is nobody's."""
    place = root() / folder
    place.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=PART, suffix=".safetensors", dir=place)
    os.close(handle)
    return Path(name)


@room_needed()
def write_chunks(path: Path, chunks: Iterable[bytes], most: int) -> int:
    """Write what comes until it ends; the number of bytes. Raises NoRoom, and TooLarge beyond `most` bytes."""
    written = 0
    with path.open("wb") as file:
        for chunk in chunks:
            written += len(chunk)
            if written > most:
                raise TooLarge("too-large", f"The file is larger than {most // 1024**2} MiB.", field="file")
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return written


def move_into_place(part: Path, folder: str, sha256: str) -> str:
    """Give a written file its lasting name, which is its hash; the path for the row. The same bytes lie there once."""
    kept = root() / folder / f"{sha256}.safetensors"
    part.chmod(0o600)
    os.replace(part, kept)
    sync_folder(kept.parent)
    return kept.relative_to(root()).as_posix()


def discard_unused(path: str) -> None:
    """Remove a file of ours that no row names any more. Files of the operator are never touched."""
    if path.split("/")[0] in FOLDERS and not Lora.objects.filter(path=path).exists():
        (root() / path).unlink(missing_ok=True)


def orphans() -> Iterator[Path]:
    """Files without a row, a day after they were written: half-written ones, those of a dead process or a late end."""
    for path in _old_ones():
        if path.is_file() and not Lora.objects.filter(path=path.relative_to(root()).as_posix()).exists():
            yield path


def _old_ones() -> list[Path]:
    """Files and folders of ours that nobody has written to for a day."""
    before = time.time() - ORPHAN_KEPT_FOR.total_seconds()
    found = [path for folder in FOLDERS for path in sorted((root() / folder).rglob("*"))]
    return [path for path in found if path.stat().st_mtime < before]


def sweep_orphans() -> int:
    """Remove what nobody uses; the number of files. Each training has a folder of its own, which goes when empty."""
    empty = [path for path in _old_ones() if path.is_dir()]
    found = list(orphans())
    for path in found:
        path.unlink(missing_ok=True)
    for folder in empty:
        with suppress(OSError):  # there is still something in it
            folder.rmdir()
    return len(found)


def path_of_row(lora: Lora) -> Path | None:
    """Where a LoRA's file lies, in whichever of the weights folders; None when it is gone."""
    paths = (Path(folder) / lora.path for folder in settings.WEIGHTS_DIRS if lora.path)
    return next((path for path in paths if path.is_file()), None)
