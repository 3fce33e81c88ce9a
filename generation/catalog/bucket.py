"""Weights in the bucket: each file or folder under the hash that pins it, with a list of its files, which comes last.

Whoever brings weights writes them here; workers on other machines fetch them (see `worker.fetching`).
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog
from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from generation.models import Annotator, Checkpoint, ControlNet, Embedding, Lora, Upscaler, Vae
from generation.models.catalog import WeightRow
from generation.storage.files import StorageAway, discard, is_there, orphans_among, read
from generation.weightfiles.folders import folder_files
from generation.weightfiles.hashing import hash_weights

logger = structlog.get_logger(__name__)

FOLDER = "weights"
KINDS: tuple[type[WeightRow], ...] = (Checkpoint, Vae, Lora, Embedding, ControlNet, Annotator, Upscaler)
KNOWN_SECONDS = 60.0
"""How long a process believes what it read of which weights there are."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of weights: its path below their folder, its size in bytes and its hash."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All files of one checkpoint, LoRA or other weights; `name` is what the file or the folder is called."""

    name: str
    is_folder: bool
    files: tuple[StoredFile, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def is_used() -> bool:
    return bool(settings.WEIGHTS_IN_BUCKET and settings.IN_BUCKET)


def place_of(sha256: str, path: str = "") -> str:
    return f"{FOLDER}/{sha256}/{path}" if path else f"{FOLDER}/{sha256}.json"


def publish(path: Path, sha256: str, called: str = "") -> bool:
    """Write weights of this hash into the bucket, under the path's name or another.

    False where they are there, or where none is used for weights. Two who bring the same at once write the same.
    Raises StorageAway.
    """
    if not is_used() or is_there(place_of(sha256)):
        return False
    called = called or path.name
    parts = folder_files(path) if path.is_dir() else [(called, path)]
    files = []
    for name, file in parts:
        files.append(StoredFile(name, file.stat().st_size, hash_weights(file)))
        _write(place_of(sha256, name), file)
    listed = json.dumps(asdict(Manifest(called, path.is_dir(), tuple(files)))).encode()
    kept = default_storage.save(place_of(sha256), ContentFile(listed))
    if kept != place_of(sha256):
        discard(kept)
    logger.info("weights_published", sha256=sha256, files=len(files))
    return True


def _write(name: str, path: Path) -> None:
    """One that is there, of a writer that died or writes beside us, is taken if it is whole; else it is replaced."""
    if is_there(name):
        if default_storage.size(name) == path.stat().st_size:
            return
        discard(name)
    with path.open("rb") as file:
        kept = default_storage.save(name, File(file))
    if kept != name:
        discard(kept)


def manifest_of(sha256: str) -> Manifest | None:
    """What lies under this hash; None where nothing does. Raises StorageAway."""
    try:
        listed = json.loads(read(place_of(sha256)))
    except FileNotFoundError:
        return None
    return Manifest(listed["name"], listed["is_folder"], tuple(StoredFile(**file) for file in listed["files"]))


def name_of_file(sha256: str) -> str:
    """The stored name of weights that are one file; empty where the bucket has none. Raises StorageAway."""
    manifest = manifest_of(sha256) if is_used() else None
    return place_of(sha256, manifest.name) if manifest and not manifest.is_folder else ""


def withdraw(sha256: str) -> None:
    """Remove weights that nobody uses any more: the list first, so that none is fetched by half."""
    if is_used() and (manifest := manifest_of(sha256)):
        discard(place_of(sha256), *(place_of(sha256, file.path) for file in manifest.files))


def sweep() -> int:
    """Remove weights that no row names, a day after they were written; how many."""
    if not is_used():
        return 0
    used = {sha256 for kind in KINDS for sha256 in kind.objects.values_list("sha256", flat=True)}
    hashes = (name.removesuffix(".json") for name in default_storage.listdir(FOLDER)[1])
    unused = {place_of(sha256): sha256 for sha256 in hashes if sha256 not in used}
    old = list(orphans_among(unused))
    for name in old:
        withdraw(unused[name])
    return len(old)


class Known:
    """Which weights there are, as read a moment ago. While the bucket is away, what was last read goes on."""

    def __init__(self) -> None:
        self._hashes: frozenset[str] = frozenset()
        self._read_at: float | None = None
        self._reading = threading.Lock()

    def hashes(self) -> frozenset[str]:
        """Empty where the bucket is used for no weights.

        The first time they are read at once, later beside whoever asks: that is the heartbeat, which must not wait for
        a bucket that does not answer.
        """
        if not is_used():
            return frozenset()
        if self._read_at is None:
            self._read()
        elif time.monotonic() > self._read_at + KNOWN_SECONDS:
            threading.Thread(target=self._read, name="weights-known", daemon=True).start()
        return self._hashes

    def _read(self) -> None:
        if self._reading.acquire(blocking=False):
            try:
                names = default_storage.listdir(FOLDER)[1]
                self._hashes = frozenset(name.removesuffix(".json") for name in names)
            except StorageAway as error:
                logger.warning("weights_not_listed", error=str(error))
            finally:
                self._read_at = time.monotonic()
                self._reading.release()
