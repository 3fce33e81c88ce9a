"""Backups taken apart and put together otherwise, and an empty place to restore them into."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, connections


def members_of(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def packed(inside: Mapping[str, bytes], *, right: bool = False) -> list[tuple[tarfile.TarInfo, bytes]]:
    """Members in this order, the checksums last; with `right` ones they fit what is inside."""
    inside = dict(inside)
    sums = inside.pop("checksums.json", b"")
    if right:
        sums = json.dumps({name: hashlib.sha256(data).hexdigest() for name, data in inside.items()}).encode()
    return [(entry(name), data) for name, data in [*inside.items(), *([("checksums.json", sums)] if sums else [])]]


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def copied(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


@contextmanager
def emptied(folder: Path, settings: Any) -> Iterator[None]:
    """A place without database, pictures or weights while the block runs, in `folder`."""
    settings.DATA_DIR, settings.MEDIA_ROOT = folder / "data", folder / "media"
    settings.WEIGHTS_DIRS = [folder / "weights", *settings.WEIGHTS_DIRS[1:]]
    settings.DATA_DIR.mkdir(parents=True)
    before = connection.settings_dict["NAME"]
    with empty_database(settings.DATA_DIR / "tempera.sqlite3") as name:
        connections.close_all()
        connection.settings_dict["NAME"] = name
        try:
            yield
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = before


@contextmanager
def empty_database(path: Path) -> Iterator[Any]:
    if connection.vendor == "sqlite":
        yield path
        return
    name = f"{connection.settings_dict['NAME']}_restored"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {connection.ops.quote_name(name)} TEMPLATE template0")
    try:
        yield name
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {connection.ops.quote_name(name)} WITH (FORCE)")
