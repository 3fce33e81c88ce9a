"""Writing one copy: a zip of JSON documents and files, written in pieces, so that its size costs no memory."""

from __future__ import annotations

import os
import time
import zipfile
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from accounts.refusals import NoRoom
from config.exports import queue
from config.exports.contents import DOCUMENTS, count_of_files, files_of, readme
from config.exports.disk import folder, keep, remove
from config.exports.documents import KeptFile
from generation.models import AccountExport
from generation.models.leases import prolonging
from generation.storage.files import StorageAway, room_needed

logger = structlog.get_logger(__name__)

LONGEST = timedelta(hours=2)
PIECE_BYTES = 1024**2
TOLD_EVERY = 1.0
"""Seconds between two looks at the row: progress is written, and whether the copy is still wanted is read."""
GONE = (FileNotFoundError, IsADirectoryError)


class NotWanted(Exception):
    """The copy is no longer this worker's: its owner has left, or its lease was lost."""


def perform_ready_exports() -> int:
    """Make what waits, one after another; how many were finished."""
    made = 0
    while (export := queue.claim_next()) is not None:
        made += make(export)
    return made


def make(export: AccountExport) -> bool:
    """Write the file of a claimed copy and end it; False when it failed or is no longer wanted."""
    name = f"{export.code}-{export.attempt}.zip"
    part = folder() / f".part-{name}"
    # What earlier attempts left, whose workers died.
    for left in folder().glob(f".part-{export.code}-*"):
        left.unlink(missing_ok=True)
    try:
        with prolonging(AccountExport.objects.held(export), LONGEST), room_needed():
            write(export, part)
            size_bytes = part.stat().st_size
            keep(part, name)
        if queue.finish_export(export, name, size_bytes):
            return True
        remove(name)
    except NotWanted:
        logger.info("export_not_wanted", export=export.code)
    except StorageAway:
        # Whoever waits need not ask again: it is begun anew, as after a worker that died.
        logger.warning("export_put_back", export=export.code)
        queue.put_back(export)
    except NoRoom as refusal:
        queue.fail_export(export, refusal.message)
    except Exception:  # each storage raises its own, and whoever waits must hear an end
        logger.exception("export_broke", export=export.code)
        queue.fail_export(export, queue.BROKE)
    finally:
        part.unlink(missing_ok=True)
    return False


def write(export: AccountExport, part: Path) -> None:
    """Raises NotWanted, and OSError where the disk is full."""
    progress = Progress(export, count_of_files(export.owner))
    missing: list[str] = []
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            with _entry(archive, "README.txt", compressed=True) as entry:
                entry.write(readme(export.owner, timezone.now()).encode())
            for document in DOCUMENTS:
                with _entry(archive, f"{document.name}.json", compressed=True) as entry:
                    write_list(entry, document.rows(export.owner), progress.look)
            for kept in files_of(export.owner):
                if not add_file(archive, kept, progress.look):
                    missing.append(kept.name)
                progress.add()
            if missing:
                with _entry(archive, "missing.json", compressed=True) as entry:
                    write_list(entry, missing, progress.look)
        file.flush()
        os.fsync(file.fileno())


def _entry(archive: zipfile.ZipFile, name: str, *, compressed: bool = False) -> IO[bytes]:
    info = zipfile.ZipInfo(name, time.gmtime()[:6])
    # Pictures and weights are dense already.
    info.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    info.external_attr = 0o600 << 16
    return archive.open(info, "w", force_zip64=True)


def write_list(entry: IO[bytes], rows: Iterable[Any], look: Callable[[], None]) -> None:
    """A JSON list, a row a line."""
    encode = DjangoJSONEncoder(ensure_ascii=False).encode
    separator = b"[\n"
    for row in rows:
        entry.write(separator + encode(row).encode())
        separator = b",\n"
        look()
    entry.write(b"[]\n" if separator == b"[\n" else b"\n]\n")


def add_file(archive: zipfile.ZipFile, kept: KeptFile, look: Callable[[], None]) -> bool:
    """False where the file is gone: one that was swept meanwhile, or lost, does not end the copy."""
    try:
        source = kept.open()
    except GONE:
        return False
    with source, _entry(archive, kept.name) as entry:
        while piece := source.read(PIECE_BYTES):
            entry.write(piece)
            look()
    return True


class Progress:
    """How many of the files are written, told to the row about every second. Raises NotWanted where that is gone."""

    def __init__(self, export: AccountExport, total: int) -> None:
        self.export, self.total, self.done, self.told_at = export, total, 0, 0.0
        self.look()

    def add(self) -> None:
        self.done += 1
        self.look()

    def look(self) -> None:
        if time.monotonic() - self.told_at < TOLD_EVERY:
            return
        self.told_at = time.monotonic()
        held = AccountExport.objects.held(self.export)
        if not held.update(files_done=self.done, files_total=max(self.total, self.done)):
            raise NotWanted
