"""Where the bytes of images are kept: durable writes under server-made names. Rows are written by `lifecycle`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage

from generation.models import Job


class DurableStorage(FileSystemStorage):
    """Files appear whole or not at all: written beside, synced, then renamed."""

    def _save(self, name: str, content: Any) -> str:
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return name.replace("\\", "/")


def image_name(job: Job, kind: str) -> str:
    """The attempt is part of the name: a late result of a lost attempt never overwrites the kept one."""
    return f"images/{job.created_at:%Y/%m/%d}/{job.code}-{job.attempt}{kind}"


def keep(name: str, data: bytes) -> str:
    return default_storage.save(name, ContentFile(data))


def discard(*names: str) -> None:
    for name in names:
        if name:
            default_storage.delete(name)


def read(name: str) -> bytes:
    with default_storage.open(name) as file:
        return bytes(file.read())
