"""The file itself: a tar compressed by gzip, written and read in one go, with the sha256 of everything at its end."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from config.backup.progress import PIECE_BYTES, Add, Readable
from config.backup.refused import Refused

CHECKSUMS = "checksums.json"
LEVEL = 1
"""Pictures, weights and dumps are dense already; gzip rather than zstd, since every machine can open it."""


class Hashed:
    """A file that is read through, with the sha256 of what was read."""

    def __init__(self, source: Readable, add: Add) -> None:
        self.source, self.add, self.sha256 = source, add, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self.source.read(size)
        self.sha256.update(piece)
        self.add(len(piece))
        return piece


class Writer:
    """Members are written one after another; `seal` writes their checksums last."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self.tar = tar
        self.checksums: dict[str, str] = {}

    def add(
        self, name: str, source: Readable, size: int, add: Add = lambda count: None, at: float | None = None
    ) -> None:
        """Raises Refused where the file ends before `size` bytes: a backup that lacks some would not be noticed."""
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, 0o600, time.time() if at is None else at
        hashed = Hashed(source, add)
        try:
            self.tar.addfile(info, hashed)
        except OSError as error:
            if "unexpected end of data" not in str(error):
                raise
            raise Refused(f"{name} became shorter while it was read; make the backup again.") from error
        self.checksums[name] = hashed.sha256.hexdigest()

    def add_json(self, name: str, document: Any) -> None:
        data = json.dumps(document, ensure_ascii=False, indent=1).encode()
        self.add(name, io.BytesIO(data), len(data))

    def seal(self) -> None:
        self.add_json(CHECKSUMS, dict(self.checksums))


@contextmanager
def new_archive(path: Path) -> Iterator[Writer]:
    """The file appears under its name when all of it is written; nobody but its owner may read it."""
    if path.exists():
        raise Refused(f"{path} is there already; name another file, or move it away.")
    part = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with (
                gzip.GzipFile(filename="", mode="wb", compresslevel=LEVEL, fileobj=file) as packed,
                tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
            ):
                writer = Writer(tar)
                yield writer
                writer.seal()
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        raise Refused(f"{path} could not be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)


DAMAGE = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, UnicodeError)


class Content(io.RawIOBase):
    """What is in a member: read once, from its start to its end. Raises Refused where the file is damaged there."""

    def __init__(self, path: Path, source: Readable) -> None:
        self.path, self.source = path, source

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self.source.read(size)
        except DAMAGE as error:
            raise no_backup(self.path, error) from error


def no_backup(path: Path, error: BaseException) -> Refused:
    return Refused(f"{path} is no whole backup of Tempera ({error}); take another one.")


def members(path: Path, add: Add) -> Iterator[tuple[str, float, Content]]:
    """Name, time and content of each, in their order; `add` is told how much of the file itself was read.

    Raises Refused for what no backup holds: links, devices, folders, names that lead elsewhere, a name twice.
    """
    met: set[str] = set()
    try:
        with (
            path.open("rb") as file,
            gzip.GzipFile(fileobj=cast(IO[bytes], Hashed(file, add))) as unpacked,
            tarfile.open(fileobj=unpacked, mode="r|") as tar,
        ):
            for member in tar:
                if not member.isreg() or not is_plain(member.name) or member.name in met:
                    raise Refused(
                        f"{path} holds “{member.name}”, which is no plain file of a backup; nothing was taken."
                    )
                met.add(member.name)
                content = tar.extractfile(member)
                assert content is not None
                yield member.name, float(member.mtime), Content(path, content)
    except DAMAGE as error:
        raise no_backup(path, error) from error
    except OSError as error:
        raise Refused(f"{path} could not be read: {error.strerror or error}.") from error


def is_plain(name: str) -> bool:
    """Whether it names a file below the folder that it is put into, written in one way only."""
    path = PurePosixPath(name)
    leads_out = path.is_absolute() or ".." in path.parts or "\\" in name
    return path.as_posix() == name and name.isprintable() and not leads_out


def read_through(content: Readable) -> str:
    """Its sha256."""
    sha256 = hashlib.sha256()
    while piece := content.read(PIECE_BYTES):
        sha256.update(piece)
    return sha256.hexdigest()
