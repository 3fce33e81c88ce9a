"""Reads a zip that nobody vouches for: bounded in entries, bytes and ratio; paths are only names. Decodes nothing.

The central directory is measured before `zipfile` reads it, which makes an object for each entry that is listed there.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from generation.imaging.untrusted import MAX_FILE_BYTES
from generation.training.datasets.caption_files import (
    MAX_CAPTION_BYTES,
    CaptionFile,
    CaptionFiles,
    is_caption_file,
)
from generation.training.datasets.refusals import FileRefused, RefusedFile, plain_name

MAX_ARCHIVE_BYTES = 256 * 2**20
MAX_ENTRIES = 1000
MAX_DIRECTORY_BYTES = 2**20
MAX_UNPACKED_BYTES = 2**30
MAX_RATIO = 100
PIECE_BYTES = 2**16

_END = b"PK\x05\x06"
_END_RECORD = struct.Struct("<4s4H2LH")
_LOCATOR_64 = b"PK\x06\x07"
_TAIL_BYTES = 2**16 + _END_RECORD.size
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, EOFError, OSError, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a zip: what it is called, its bytes, and the text of the caption file beside it."""

    name: str
    data: bytes
    caption: str = ""


def looks_like_zip(file: IO[bytes]) -> bool:
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    return start in (b"PK\x03\x04", _END)


def entries_of(file: IO[bytes]) -> Iterator[Entry | CaptionFile | RefusedFile]:
    """The files of a zip, in its order, captions without a picture last; what is unfit is refused, the rest goes on.

    Raises FileRefused for a zip that is not opened at all: damaged, too large, or with too much in it.
    """
    check_directory(file)
    try:
        with zipfile.ZipFile(file) as archive:
            yield from _read_all(archive)
    except UNREADABLE as error:
        raise FileRefused("damaged-zip", "This zip is damaged.") from error


def check_directory(file: IO[bytes]) -> None:
    """Measures the list of entries at the end of the file. Raises FileRefused."""
    size = file.seek(0, 2)
    if size > MAX_ARCHIVE_BYTES:
        raise FileRefused("zip-too-large", f"A zip may have {MAX_ARCHIVE_BYTES >> 20} MiB; this one is larger.")
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read(_TAIL_BYTES)
    place = tail.rfind(_END)
    # Two ends, or one of the 64-bit kind: readers disagree on which counts, so neither does.
    if place < 0 or tail.count(_END) > 1 or len(tail) - place < _END_RECORD.size or _LOCATOR_64 in tail:
        raise FileRefused("damaged-zip", "This is not a plain zip, or it is damaged.")
    _, _, _, _, entries, directory_bytes, _, _ = _END_RECORD.unpack_from(tail, place)
    if entries > MAX_ENTRIES or directory_bytes > MAX_DIRECTORY_BYTES:
        raise FileRefused("too-many-files", f"A zip may hold {MAX_ENTRIES} files; this one has more.")


def _read_all(archive: zipfile.ZipFile) -> Iterator[Entry | CaptionFile | RefusedFile]:
    wanted = []
    for info in archive.infolist():
        if not info.filename:  # `zipfile` ends a name at its first NUL
            yield FileRefused("bad-name", "This file of the zip has no name.").named(plain_name(""))
        elif not _is_left_out(info):
            wanted.append(info)
    budget = _Budget()
    captions = CaptionFiles()
    for info in filter(_is_caption, wanted):
        try:
            captions.add(info.filename, budget.read(archive, info, MAX_CAPTION_BYTES))
        except FileRefused as refused:
            yield refused.named(plain_name(info.filename))
    for info in wanted:
        if _is_caption(info):
            continue
        name, caption = plain_name(info.filename), captions.caption_of(info.filename)
        try:
            yield Entry(name, budget.read(archive, info, MAX_FILE_BYTES), caption)
        except FileRefused as refused:
            yield refused.named(name)
    yield from captions.left()


class _Budget:
    """Counts what was unpacked, whatever the zip says of itself."""

    def __init__(self) -> None:
        self.spent = 0

    def read(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
        """The bytes of an entry. Raises FileRefused when they are too many, too dense, encrypted or broken."""
        _check_kind(info)
        whole = bytearray()
        try:
            with archive.open(info) as packed:
                while piece := packed.read(PIECE_BYTES):
                    whole += piece
                    self.spent += len(piece)
                    self._check(len(whole), info.compress_size, most)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise FileRefused("damaged-file", "This file of the zip is damaged.") from error
        return bytes(whole)

    def _check(self, size: int, packed: int, most: int) -> None:
        if self.spent > MAX_UNPACKED_BYTES:
            raise FileRefused("zip-unpacks-too-large", f"The zip unpacks to more than {MAX_UNPACKED_BYTES >> 30} GiB.")
        if size > most:
            limit = f"{most >> 20} MiB" if most >= 2**20 else f"{most >> 10} KiB"
            raise FileRefused("file-too-large", f"The file is larger than {limit}.")
        if size > PIECE_BYTES and size > MAX_RATIO * max(1, packed):
            raise FileRefused("squeezed-too-hard", "The file unpacks to far more than a picture does.")


def _check_kind(info: zipfile.ZipInfo) -> None:
    if info.flag_bits & 1:
        raise FileRefused("locked", "The file is locked with a password.")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise FileRefused("link", "This is a link, not a file.")
    if info.compress_type not in _METHODS:
        raise FileRefused("unknown-packing", "The zip packs this file in a way that is not read here.")
    if info.filename.lower().endswith((".zip", ".7z", ".rar", ".gz", ".tar")):
        raise FileRefused("nested-archive", "An archive inside the zip is not opened.")


def _is_left_out(info: zipfile.ZipInfo) -> bool:
    """Folders, and what file managers put beside the files."""
    parts = PurePosixPath(info.filename).parts
    return info.is_dir() or not parts or parts[0] == "__MACOSX" or parts[-1].startswith(".") or parts[-1] == "Thumbs.db"


def _is_caption(info: zipfile.ZipInfo) -> bool:
    return is_caption_file(info.filename)
