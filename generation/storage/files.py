"""The bytes of pictures and trainings: durable writes under server-made names. Rows are written by the verbs."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.utils import timezone

from accounts.refusals import NoRoom, NotFound
from generation.models import Job

log = structlog.get_logger(__name__)

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StorageAway(OSError):
    """The bucket that files lie in does not answer, or says that it cannot now. Nothing is known of the file."""


class DurableStorage(FileSystemStorage):
    """Files appear whole or not at all: written beside, synced, then renamed."""

    def _save(self, name: str, content: Any) -> str:
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        # Made with 0600, and so it stays: pictures are for this site's process to show.
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
            sync_folder(target.parent)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return name.replace("\\", "/")


def sync_folder(folder: Path) -> None:
    """A new name is on the disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


FOLDER = "images"
ORPHAN_KEPT_FOR = timedelta(days=1)


def image_name(job: Job, kind: str) -> str:
    """The attempt is part of the name: a late result of a lost attempt never overwrites the kept one."""
    return f"{FOLDER}/{job.created_at:%Y/%m/%d}/{job.code}-{job.attempt}{kind}"


def write(name: str, data: bytes) -> str:
    """Write a file durably; its name, which is another where the wanted one is taken. Raises NoRoom."""
    with room_needed():
        return default_storage.save(name, ContentFile(data))


@contextmanager
def room_needed() -> Iterator[None]:
    """A disk that is full is told as NoRoom, whatever is written inside."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            raise NoRoom from error
        raise


def discard(*names: str) -> None:
    for name in names:
        if name:
            default_storage.delete(name)


def read(name: str) -> bytes:
    with default_storage.open(name) as file:
        return bytes(file.read())


def read_kept(name: str) -> bytes:
    """As `read`, for what a person asks for. Raises NotFound where the row is there and its file is not."""
    try:
        return read(name)
    except FileNotFoundError as error:
        log.error("kept_file_gone", name=name)
        raise NotFound("file-gone", "The file is gone from this site's storage.") from error


def is_there(name: str) -> bool:
    return bool(default_storage.exists(name))


def code_in(name: str) -> str:
    """The code of the job that a file was written for; '' for a name that no job gives."""
    code, dash, _ = name.rpartition("/")[2].partition("-")
    return code if dash else ""


def folders(folder: str = FOLDER) -> Iterator[tuple[str, list[str]]]:
    """Every folder that holds image files, with the names in it: a day each."""
    try:
        inner, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    if files:
        yield folder, [f"{folder}/{name}" for name in files]
    for name in inner:
        yield from folders(f"{folder}/{name}")


def orphans_among(unused: Iterable[str]) -> Iterator[str]:
    """Of files that no row points at those that were written over a day ago.

    Files are written before their row: a young one may be of a picture that is just being kept.
    """
    old = timezone.now() - ORPHAN_KEPT_FOR
    for name in unused:
        with suppress(FileNotFoundError):  # swept by somebody else meanwhile
            if default_storage.get_modified_time(name) < old:
                yield name


def sweep_unfinished() -> int:
    """Remove what a dead web server left of uploads, which take minutes; the number of files."""
    folder, swept = Path(settings.FILE_UPLOAD_TEMP_DIR), 0
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(FileNotFoundError):  # it came to its end meanwhile
            if path.stat().st_mtime < time.time() - ORPHAN_KEPT_FOR.total_seconds():
                path.unlink()
                swept += 1
    return swept
