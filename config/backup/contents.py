"""What is in a backup, as its first member tells: when and of what it was made, and which parts it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from config.backup.refused import Refused

FORMAT = 1
MANIFEST, MEDIA_LIST, GONE = "manifest.json", "media.json", "gone.json"
MEDIA, WEIGHTS, SECRETS = "media/", "weights/", "secrets/"
PARTS = ("media", "weights", "secrets")


@dataclass(frozen=True)
class Manifest:
    """`migrations` are those that the rows went through, as `app.name`; `key_mark` is that of the SECRET_KEY."""

    format: int
    made_at: str
    site_url: str
    engine: str
    engine_version: str
    migrations: list[str]
    parts: list[str]
    key_mark: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def manifest_of(document: Any) -> Manifest:
    """Raises Refused for what is none, or one of a newer Tempera."""
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise Refused("This is no backup of Tempera: its manifest cannot be read.")
    if document["format"] > FORMAT:
        raise Refused(f"The backup has format {document['format']}, this Tempera reads {FORMAT}: upgrade it first.")
    try:
        return Manifest(**{field.name: document[field.name] for field in fields(Manifest)})
    except KeyError as error:
        raise Refused(f"This is no backup of Tempera: its manifest lacks {error}.") from error


def applied_migrations() -> list[str]:
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def check_known(migrations: Iterable[str]) -> None:
    """Raises Refused for rows that went through what this code has not: those of a newer Tempera."""
    loader = MigrationLoader(None)
    known = {f"{app}.{name}" for app, name in loader.disk_migrations}
    replaced = {f"{app}.{name}" for each in loader.disk_migrations.values() for app, name in each.replaces}
    apps = {app for app, _ in loader.disk_migrations}
    newer = sorted(name for name in migrations if name not in known | replaced and name.split(".")[0] in apps)
    if newer:
        raise Refused(f"The backup is of a newer Tempera (it has {newer[0]}): upgrade this one first, then restore.")


def stored_names(folder: str = "") -> Iterator[str]:
    """Every finished file of the storage, whichever that is."""
    try:
        inner, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(files):
        if name and not name.startswith(".part-"):
            yield f"{folder}/{name}" if folder else name
    for name in sorted(inner):
        yield from stored_names(f"{folder}/{name}" if folder else name)
