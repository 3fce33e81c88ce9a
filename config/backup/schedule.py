"""Backups by the clock: one at a time, under a name that tells when, and the oldest removed when there are enough."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog
from django.conf import settings
from django.utils import timezone

from config.backup.refused import Refused
from config.backup.writing import back_up

log = structlog.get_logger(__name__)

NAME = "tempera-????????-??????.tar.gz"
UNFINISHED_KEPT_SECONDS = 24 * 3600
"""What a process left that was killed while it wrote."""


def folder() -> Path:
    path = Path(settings.BACKUP_DIR)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def back_up_now() -> str:
    """Make the backup that is due and remove the oldest ones; its name, or empty where another is being made.

    Raises Refused, and OSError where the folder cannot be used; what there was stays then.
    """
    with alone() as mine:
        if not mine:
            return ""
        path = folder() / f"tempera-{timezone.now():%Y%m%d-%H%M%S}.tar.gz"
        try:
            made = back_up(path, settings.BACKUP_WITH)
        except Refused as refused:
            log.error("backup_failed", reason=str(refused))
            raise
        removed = remove_oldest()
        log.info("backup_made", file=path.name, bytes=path.stat().st_size, gone=len(made.gone), removed=removed)
        return path.name


@contextmanager
def alone() -> Iterator[bool]:
    """Whether nobody else makes a scheduled backup into this folder while the block runs."""
    with (folder() / ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def kept_backups() -> list[Path]:
    """Those that the clock made, newest first."""
    path = Path(settings.BACKUP_DIR)
    return sorted(path.glob(NAME), key=lambda each: each.name, reverse=True) if path.is_dir() else []


def remove_oldest() -> int:
    """Those beyond BACKUP_KEEP, and what was never finished; the number of files. Others in the folder stay."""
    surplus = kept_backups()[settings.BACKUP_KEEP :]
    before = time.time() - UNFINISHED_KEPT_SECONDS
    unfinished = [path for path in folder().glob(".part-*.tar.gz") if path.stat().st_mtime < before]
    for path in (*surplus, *unfinished):
        with suppress(FileNotFoundError):
            path.unlink()
    return len(surplus) + len(unfinished)
