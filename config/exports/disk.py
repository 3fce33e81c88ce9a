"""Where copies lie until they are fetched or over: in the bucket, where there is one, or a folder of the data folder.

A copy is written on the disk of the worker that makes it, in either case.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.http import HttpResponseBase
from django.utils import timezone

from generation.storage import files
from generation.storage.downloads import streamed_attachment
from generation.storage.files import discard, sync_folder

IN_BUCKET = "exports"


def folder() -> Path:
    path = Path(settings.EXPORTS_DIR)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def has_room(needed_bytes: int) -> bool:
    """Whether so much fits. Of the disk of another machine only the worker there can tell."""
    return bool(settings.IN_BUCKET) or shutil.disk_usage(folder()).free >= needed_bytes


def keep(part: Path, name: str) -> None:
    """Give a written copy its lasting place."""
    if settings.IN_BUCKET:
        with part.open("rb") as file:
            kept = default_storage.save(f"{IN_BUCKET}/{name}", File(file))
        if kept != f"{IN_BUCKET}/{name}":
            discard(kept)
            raise FileExistsError(f"There is a copy {name} already.")
    else:
        os.replace(part, folder() / name)
        sync_folder(folder())


def is_there(name: str) -> bool:
    """Raises StorageAway where only the bucket could tell."""
    return files.is_there(f"{IN_BUCKET}/{name}") if settings.IN_BUCKET else (folder() / name).is_file()


def remove(name: str) -> None:
    if settings.IN_BUCKET:
        discard(f"{IN_BUCKET}/{name}")
    (folder() / name).unlink(missing_ok=True)


def answer(name: str, filename: str) -> HttpResponseBase:
    """The copy as a download: from the disk in pieces, from the bucket by a signed address or through this process.

    Raises NotFound where it is gone.
    """
    return streamed_attachment(f"{IN_BUCKET}/{name}" if settings.IN_BUCKET else folder() / name, filename)


def old_names(age: timedelta) -> Iterator[str]:
    """Copies that were last written before so long, and what workers left that died while they wrote."""
    for path in folder().iterdir():
        if path.stat().st_mtime < time.time() - age.total_seconds():
            yield path.name
    if settings.IN_BUCKET:
        for name in default_storage.listdir(IN_BUCKET)[1]:
            if default_storage.get_modified_time(f"{IN_BUCKET}/{name}") < timezone.now() - age:
                yield name
