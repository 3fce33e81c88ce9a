"""What every cloud's bucket promises: names are taken once, what is missing is FileNotFoundError, an outage is told.

The back ends of django-storages do the talking; each cloud's module says how its errors are read, how a file is put
and fetched in pieces, and how an address is signed.
"""

from __future__ import annotations

import errno
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files import File

from generation.storage.files import StorageAway

MEMORY_BYTES = 8 * 2**20
"""What is larger lies on the disk while it is read, and is sent in pieces of this size."""
CONNECT_SECONDS = 5
READ_SECONDS = 30
TRIES = 3
"""Of one request: a server that is busy for a moment is not told as away."""
MISSING, TAKEN, AWAY = "missing", "taken", "away"


class Bucket(ABC):
    """Beside a back end of django-storages, in front of it."""

    @abstractmethod
    def meaning(self, error: Exception) -> str:
        """MISSING, TAKEN, AWAY, or empty for what is somebody's fault."""

    @abstractmethod
    def put(self, name: str, body: IO[bytes], size: int, content_type: str) -> None:
        """Write the whole body, which stands at its beginning; refused as TAKEN where the name is."""

    @abstractmethod
    def fetch(self, name: str, into: IO[bytes]) -> None:
        """Write the whole file of this name into `into`, in pieces."""

    @abstractmethod
    def signed_address(self, name: str, seconds: int, content_type: str, disposition: str) -> str:
        """An address at which anybody may fetch the file for so long, with these headers."""

    @contextmanager
    def told(self, name: str) -> Iterator[None]:
        """Raises FileNotFoundError, FileExistsError or StorageAway for what a cloud's library raises inside.

        Raises SuspiciousOperation for a name that leads upwards; a bucket would take it literally.
        """
        if ".." in name.split("/"):
            raise SuspiciousOperation("A name in a bucket does not lead upwards.")
        try:
            yield
        except Exception as error:
            match self.meaning(error):
                case "missing":
                    raise FileNotFoundError(errno.ENOENT, "There is no such file in the bucket", name) from error
                case "taken":
                    raise FileExistsError(errno.EEXIST, "There is such a file in the bucket", name) from error
                case "away":
                    raise StorageAway(f"The bucket did not answer: {type(error).__name__}") from error
            raise

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file: IO[bytes] = SpooledTemporaryFile(MEMORY_BYTES, dir=str(folder))  # noqa: SIM115
        try:
            with self.told(name):
                self.fetch(self.key(name), file)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return File(file, name)

    def _save(self, name: str, content: Any) -> str:
        body: Any = content.file if isinstance(content, File) else content
        size = body.seek(0, os.SEEK_END)
        while True:
            body.seek(0)
            try:
                with self.told(name):
                    self.put(self.key(name), body, size, self.type_of(name))
                return name
            except FileExistsError:  # somebody was quicker than the look before
                name = self.get_available_name(name)  # type: ignore[attr-defined]

    # What django-storages does already, with its errors read.

    def exists(self, name: str) -> bool:
        with self.told(name):
            return bool(super().exists(name))  # type: ignore[misc]

    def delete(self, name: str) -> None:
        with self.told(name):
            super().delete(name)  # type: ignore[misc]

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with self.told(path):
            folders, files = super().listdir(path)  # type: ignore[misc]
        return list(folders), list(files)

    def size(self, name: str) -> int:
        with self.told(name):
            return int(super().size(name))  # type: ignore[misc]

    def get_modified_time(self, name: str) -> datetime:
        with self.told(name):
            return super().get_modified_time(name)  # type: ignore[misc,no-any-return]

    def key(self, name: str) -> str:
        """The name as the bucket has it."""
        return str(self._normalize_name(name))  # type: ignore[attr-defined]

    def type_of(self, name: str) -> str:
        return CONTENT_TYPES.get(name.rpartition(".")[2], "application/octet-stream")


CONTENT_TYPES = {
    "png": "image/png", "webp": "image/webp", "svg": "image/svg+xml", "mp4": "video/mp4", "zip": "application/zip",
    "json": "application/json",
}  # fmt: skip
"""By the ending of the name that the site itself gave; the machine's own table of types differs from one to another."""
