"""Where files are kept, and the copies of all of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from config.backup.schedule import kept_backups
from config.doctor.findings import Line, fail, ok, reason, warn

LATEST_WITHIN = timedelta(hours=26)
"""Each day at one time, and the time that one takes."""


def storage() -> Iterator[Line]:
    """Write, read, delete."""
    place = f"the bucket {settings.S3_BUCKET}" if settings.S3_BUCKET else str(settings.MEDIA_ROOT)
    done, wanted, text = "write", f"doctor/{secrets.token_hex(8)}.txt", secrets.token_bytes(64)
    try:
        name = default_storage.save(wanted, ContentFile(text))
        done = "read"
        with default_storage.open(name) as file:
            same = file.read() == text
        done = "delete"
        default_storage.delete(name)
        gone = not default_storage.exists(name)
    except Exception as error:  # each storage raises its own
        advice = "Look at the rights of the folder, or of the key at the bucket: it must write, read, list and delete."
        yield fail("storage", f"A file could not be {done_word(done)} in {place}: {reason(error)}.", advice)
        return
    if not same:
        yield fail("storage", f"A file in {place} is read as another than was written.", "See whether its disk fails.")
    elif not gone:
        yield fail("storage", f"A file in {place} is there after it was deleted.", "Look at the rights of its key.")
    else:
        yield ok("storage", f"A file was written, read and deleted in {place}.")


def done_word(step: str) -> str:
    return {"write": "written", "read": "read", "delete": "deleted"}[step]


def backups() -> Iterator[Line]:
    """Those by the clock; what an operator makes otherwise is not known here."""
    if settings.BACKUP_AT is None:
        advice = "Set BACKUP_AT, or have `manage.py backup` run by something else."
        yield warn("backups", "None are made by the clock.", advice)
        return
    advice = "See that beat and a worker of the queue “default” run, and what that worker's log says of backups."
    newest = next(iter(kept_backups()), None)
    if newest is None:
        yield warn("backups", f"There is none in {settings.BACKUP_DIR} yet.", advice)
        return
    made_at = datetime.strptime(newest.name, "tempera-%Y%m%d-%H%M%S.tar.gz").replace(tzinfo=UTC)
    age = timezone.now() - made_at
    said = f"The newest is {newest.name}, {age.total_seconds() / 3600:.0f} hours old, in {settings.BACKUP_DIR}."
    yield fail("backups", said, advice) if age > LATEST_WITHIN else ok("backups", said)
