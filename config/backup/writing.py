"""Making a backup while the site runs: the rows as of one moment first, then the files that they tell of."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from config.backup import kept
from config.backup.archive import Writer, new_archive
from config.backup.contents import (
    FORMAT,
    GONE,
    MANIFEST,
    MEDIA,
    MEDIA_LIST,
    PARTS,
    SECRETS,
    WEIGHTS,
    Manifest,
    applied_migrations,
    stored_names,
)
from config.backup.database import Engine, engine
from config.backup.progress import Bar, silent
from config.backup.refused import Refused
from config.backup.tree import weight_files
from config.exports.disk import IN_BUCKET as EXPORTS


@dataclass
class Made:
    """What became of it. `gone` are files that were deleted while it was made, `unfollowed` links of the weights."""

    media: int = 0
    weights: int = 0
    secrets: int = 0
    gone: list[str] = field(default_factory=list)
    unfollowed: list[str] = field(default_factory=list)


def back_up(path: Path, parts: Collection[str] = (), bar: Bar = silent) -> Made:
    """Write a backup of the rows and of these `PARTS` to `path`. Raises Refused; then there is no such file.

    A file is written before its row, and so is there once the row is. One that somebody deletes in between is told.
    """
    if not path.parent.is_dir():
        raise Refused(f"There is no folder {path.parent}; make it, or name another file.")
    rows, made = engine(), Made()
    before = list(kept_names())
    with tempfile.TemporaryDirectory(prefix=".part-rows-", dir=path.parent) as folder, new_archive(path) as archive:
        dump = Path(folder) / rows.member
        # The list may lack one that is applied just now, never name one that the rows have not seen.
        migrations = applied_migrations()
        rows.dump(dump)
        archive.add_json(MANIFEST, manifest(rows, migrations, parts).as_json())
        with dump.open("rb") as source, bar("rows", dump.stat().st_size) as add:
            archive.add(rows.member, source, dump.stat().st_size, add)
        dump.unlink()
        add_media(archive, made, before, "media" in parts, bar)
        if "weights" in parts:
            add_weights(archive, made, bar)
        if "secrets" in parts:
            add_secrets(archive, made)
        archive.add_json(GONE, made.gone)
    return made


def manifest(rows: Engine, migrations: list[str], parts: Collection[str]) -> Manifest:
    return Manifest(
        format=FORMAT,
        made_at=timezone.now().isoformat(timespec="seconds"),
        site_url=settings.SITE_URL,
        engine=rows.name,
        engine_version=rows.version(),
        migrations=migrations,
        parts=[part for part in PARTS if part in parts],
        key_mark=kept.key_mark(),
    )


def kept_names() -> Iterator[str]:
    """All files but copies of what people have here: each is made of the others, for some days."""
    return (name for name in stored_names() if not name.startswith(f"{EXPORTS}/"))


def add_media(archive: Writer, made: Made, before: list[str], with_files: bool, bar: Bar) -> None:
    """The list of all files with their bytes, and the files themselves where they are wanted."""
    sizes: dict[str, int] = {}
    for name in dict.fromkeys([*before, *kept_names()]):
        try:
            sizes[name] = default_storage.size(name)
        except FileNotFoundError:
            made.gone.append(name)
    archive.add_json(MEDIA_LIST, sizes)
    if not with_files:
        return
    with bar("pictures", sum(sizes.values())) as add:
        for name in sizes:
            try:
                with default_storage.open(name) as source:
                    archive.add(f"{MEDIA}{name}", source.file or source, source.size, add)
            except FileNotFoundError:
                made.gone.append(name)
            else:
                made.media += 1


def add_weights(archive: Writer, made: Made, bar: Bar) -> None:
    files, made.unfollowed = weight_files()
    with bar("weights", sum(each.size for each in files)) as add:
        for each in files:
            try:
                with each.path.open("rb") as source:
                    status = each.path.stat()
                    archive.add(f"{WEIGHTS}{each.name}", source, status.st_size, add, status.st_mtime)
            except FileNotFoundError:
                made.gone.append(f"{WEIGHTS}{each.name}")
            else:
                made.weights += 1


def add_secrets(archive: Writer, made: Made) -> None:
    for path in kept.secret_files():
        with path.open("rb") as source:
            name = path.relative_to(settings.DATA_DIR).as_posix()
            archive.add(f"{SECRETS}{name}", source, path.stat().st_size)
        made.secrets += 1
