"""Restoring a backup into an empty place: all of it is checked before anything is written."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.management import call_command

from config.backup import kept, tree
from config.backup.archive import CHECKSUMS, Content, members, read_through
from config.backup.contents import (
    GONE,
    MANIFEST,
    MEDIA,
    MEDIA_LIST,
    SECRETS,
    WEIGHTS,
    Manifest,
    check_known,
    manifest_of,
    stored_names,
)
from config.backup.database import Engine, engine
from config.backup.progress import PIECE_BYTES, Bar, Readable, silent
from config.backup.refused import Refused
from config.exports.queue import forget_lost
from generation.models import GpuWorker

SMALL_BYTES = 256 * 1024**2
"""So much a document of the backup has at most; that of a million pictures has 100 MB."""
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}


@dataclass
class Checked:
    """A backup that is whole. `gone` are files that were deleted while it was made, `lost_exports` people's copies,
    of which a backup holds no files; they are told after a restore."""

    manifest: Manifest
    media: int = 0
    weights: int = 0
    secrets: int = 0
    gone: list[str] = field(default_factory=list)
    lost_exports: int = 0


def check(path: Path, bar: Bar = silent) -> Checked:
    """Read all of it once, against its checksums. Raises Refused."""
    found: dict[str, str] = {}
    documents: dict[str, Any] = {}
    with bar("checking", size_of(path)) as add:
        for name, _, content in members(path, add):
            if name in (MANIFEST, MEDIA_LIST, GONE, CHECKSUMS):
                text = Small(content)
                found[name] = read_through(text)
                documents[name] = text.document()
            elif belongs(name):
                found[name] = read_through(content)
            else:
                raise Refused(f"{path} holds “{name}”, which no backup holds; nothing was taken.")
    if list(found)[:1] != [MANIFEST] or not isinstance(documents.get(CHECKSUMS), dict):
        raise Refused(f"{path} is no whole backup of Tempera: its manifest or its checksums are missing.")
    manifest = manifest_of(documents[MANIFEST])
    compare(path, {name: sha256 for name, sha256 in found.items() if name != CHECKSUMS}, documents[CHECKSUMS])
    if DATABASES.get(manifest.engine) not in found:
        raise Refused(f"{path} holds no rows of {manifest.engine}.")
    counts = {part: sum(name.startswith(part) for name in found) for part in (MEDIA, WEIGHTS, SECRETS)}
    return Checked(manifest, counts[MEDIA], counts[WEIGHTS], counts[SECRETS], documents.get(GONE) or [])


def belongs(name: str) -> bool:
    if name.startswith(SECRETS):
        return kept.is_secret(name.removeprefix(SECRETS))
    return name in DATABASES.values() or name.startswith((MEDIA, WEIGHTS))


def compare(path: Path, found: dict[str, str], told: dict[str, str]) -> None:
    if missing := sorted(set(told) - set(found)):
        raise Refused(f"{path} lacks {missing[0]}, which its checksums tell of; take another backup.")
    wrong = sorted(name for name, sha256 in found.items() if told.get(name) != sha256)
    if wrong:
        raise Refused(f"{path} is damaged: the checksum of {wrong[0]} is another; take another backup.")


class Small:
    """A document of a backup, kept while it is read through. Raises Refused where it is far too large."""

    def __init__(self, content: Readable) -> None:
        self.content, self.text = content, bytearray()

    def read(self, size: int = -1) -> bytes:
        piece = self.content.read(size)
        self.text += piece
        if len(self.text) > SMALL_BYTES:
            raise Refused("A list inside the backup is larger than any that Tempera writes.")
        return piece

    def document(self) -> Any:
        try:
            return json.loads(self.text)
        except ValueError:
            return None


def size_of(path: Path) -> int:
    if not path.is_file():
        raise Refused(f"There is no file {path}.")
    return path.stat().st_size


def restore(path: Path, bar: Bar = silent) -> Checked:
    """Everything that the backup holds, into an empty place. Raises Refused; then the place is as empty as before."""
    checked = check(path, bar)
    rows = engine()
    check_fits(checked, rows)
    undo: list[Callable[[], object]] = []
    try:
        with tempfile.TemporaryDirectory(prefix=".part-rows-", dir=settings.DATA_DIR) as folder:
            dump = Path(folder) / rows.member
            with bar("restoring", size_of(path)) as add:
                for name, at, content in members(path, add):
                    place(name, at, content, dump, undo)
            rows.load(dump)
    except BaseException:
        for step in reversed(undo):
            step()
        raise
    call_command("migrate", interactive=False, verbosity=0)
    # Those of the old place: they are not here, and what they had in hand is drawn again.
    GpuWorker.objects.all().delete()
    checked.lost_exports = forget_lost()
    return checked


def check_fits(checked: Checked, rows: Engine) -> None:
    """Whether this place may take it: the same engine, no older code, and nothing in the way."""
    if checked.manifest.engine != rows.name:
        raise Refused(
            f"The backup holds rows of {checked.manifest.engine}, and this place runs on {rows.name}: set DATABASE_URL "
            "to a database of the same kind, or leave it out for SQLite."
        )
    check_known(checked.manifest.migrations)
    rows.check_loads(checked.manifest.engine_version)
    rows.check_empty()
    if checked.media and (name := next(stored_names(), "")):
        raise Refused(f"The storage holds files already ({name}); restore into an empty one.")
    if checked.weights and tree.root().is_dir() and (found := next(tree.walked(tree.root()), None)):
        raise Refused(f"The weights folder {tree.root()} holds {found[0]} already; restore into an empty one.")


def place(name: str, at: float, content: Content, dump: Path, undo: list[Callable[[], object]]) -> None:
    """Write one member to where it belongs, and note how that is taken back."""
    if name == dump.name:
        write(dump, content)
    elif name.startswith(MEDIA):
        wanted = name.removeprefix(MEDIA)
        try:
            written = default_storage.save(wanted, File(cast(IO[bytes], content), wanted))
        except SuspiciousOperation as error:
            raise Refused(f"The storage does not take “{wanted}”: {error}") from error
        undo.append(lambda: default_storage.delete(written))
        if written != wanted:
            raise Refused(f"The storage has a file “{wanted}” already; restore into an empty one.")
    elif name.startswith(WEIGHTS):
        target = tree.root() / name.removeprefix(WEIGHTS)
        undo.append(lambda: target.unlink(missing_ok=True))
        write(target, content)
        os.utime(target, (at, at))
    elif name.startswith(SECRETS):
        target = Path(settings.DATA_DIR) / name.removeprefix(SECRETS)
        before = target.read_bytes() if target.exists() else None
        undo.append(lambda: target.unlink() if before is None else target.write_bytes(before))
        write(target, content)


def write(target: Path, content: Content) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        while piece := content.read(PIECE_BYTES):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
