"""Weights that lie in the bucket, fetched to this machine's disk once, for all of its workers, within a budget.

A folder for each hash. Whoever uses one holds its lock for reading; what is removed is locked for writing, and only
the holder of `room.lock` fetches and removes: so nothing is fetched twice and nothing goes that is in use.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import structlog
from django.core.files.storage import default_storage

from generation.catalog.bucket import Manifest, StoredFile, manifest_of, place_of
from generation.engine.outcome import WeightsRefused

logger = structlog.get_logger(__name__)

PART = ".part-"
PIECE_BYTES = 2**20
GRACE_SECONDS = 120.0


class FetchedWeights:
    """The folder of fetched weights as one process uses it, from all of its threads; `budget` is in bytes.

    `in_use` tells what is in memory or belongs to held jobs. What was found a moment ago, within `grace` seconds, is
    being read perhaps, and stays as well.
    """

    def __init__(
        self, folder: Path, budget: int, in_use: Callable[[], set[str]] = set, grace: float = GRACE_SECONDS
    ) -> None:
        self.folder, self.budget, self.in_use, self.grace = folder, budget, in_use, grace
        self._held: dict[str, IO[bytes]] = {}
        self._found_at: dict[str, float] = {}
        # Never held while something is fetched: the engine and the heartbeat need it too.
        self._lock = threading.Lock()

    def find(self, sha256: str) -> Path | None:
        """Where the weights lie, fetched now if they have to be; None where the bucket has none.

        They stay until `release`. Raises WeightsRefused for what is damaged or has no room, and StorageAway.
        """
        if path := self._hold(sha256):
            return path
        manifest = manifest_of(sha256)
        if manifest is None:
            return None
        with self._room():
            # Another worker may have fetched it while we waited.
            if path := self._hold(sha256):
                return path
            self.release()
            self._make_room(manifest)
            self._fetch(sha256, manifest)
            return self._hold(sha256)

    def release(self) -> None:
        """Let go of what this process does not use now, so that it may be removed when there is need of room."""
        used, now = self.in_use(), time.monotonic()
        with self._lock:
            for sha256 in [each for each in self._held if each not in used]:
                if now >= self._found_at[sha256] + self.grace:
                    self._held.pop(sha256).close()

    def close(self) -> None:
        with self._lock:
            for lock in self._held.values():
                lock.close()
            self._held.clear()

    def _hold(self, sha256: str) -> Path | None:
        place = self.folder / sha256
        with self._lock:
            if sha256 not in self._held:
                if not place.is_dir():
                    return None
                lock = self._open_lock(sha256)
                fcntl.flock(lock, fcntl.LOCK_SH)
                if not place.is_dir():  # it was removed while we waited
                    lock.close()
                    return None
                self._held[sha256] = lock
            self._found_at[sha256] = time.monotonic()
            # The order in which they are removed.
            os.utime(place)
            return next(place.iterdir())

    def _open_lock(self, name: str) -> IO[bytes]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return (self.folder / f"{name}.lock").open("ab")

    @contextmanager
    def _room(self) -> Iterator[None]:
        with self._open_lock("room") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # What a process left that died while it fetched: nobody else writes now.
            for left in self.folder.glob(f"{PART}*"):
                shutil.rmtree(left, ignore_errors=True)
            yield

    def _make_room(self, manifest: Manifest) -> None:
        places = [path for path in self.folder.iterdir() if path.is_dir()]
        sizes = {path: sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) for path in places}
        for path in sorted(places, key=lambda path: path.stat().st_mtime_ns):
            if sum(sizes.values()) + manifest.size <= self.budget:
                return
            if self._remove(path):
                del sizes[path]
        if sum(sizes.values()) + manifest.size > self.budget:
            sentence = f"“{manifest.name}” has no room among the weights that are in use. Your credits are back."
            raise WeightsRefused("weights-no-room", sentence)

    def _remove(self, path: Path) -> bool:
        """False where somebody uses it."""
        with self._open_lock(path.name) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            # Renamed first, so that none is found that has only some of its files.
            gone = self.folder / f"{PART}{secrets.token_hex(4)}"
            path.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
        logger.info("weights_removed", sha256=path.name)
        return True

    def _fetch(self, sha256: str, manifest: Manifest) -> None:
        part = self.folder / f"{PART}{secrets.token_hex(4)}"
        root = part / manifest.name if manifest.is_folder else part
        try:
            for file in manifest.files:
                target = root / file.path
                # Both names came from outside, and a path that leads out would be written to.
                if not target.resolve().is_relative_to(part.resolve()):
                    raise damaged(manifest)
                target.parent.mkdir(parents=True, exist_ok=True)
                if not fetch_file(place_of(sha256, file.path), file, target):
                    raise damaged(manifest)
            part.rename(self.folder / sha256)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        logger.info("weights_fetched", sha256=sha256, size_bytes=manifest.size)


def fetch_file(name: str, wanted: StoredFile, target: Path) -> bool:
    """Whether what lies in the bucket is what is wanted, byte for byte; it is then the target."""
    digest = hashlib.sha256()
    try:
        with cast("IO[bytes]", default_storage.open(name)) as source, target.open("wb") as file:
            while piece := source.read(PIECE_BYTES):
                digest.update(piece)
                file.write(piece)
    except FileNotFoundError:
        return False
    return digest.hexdigest() == wanted.sha256


def damaged(manifest: Manifest) -> WeightsRefused:
    return WeightsRefused(
        "weights-damaged", f"The file of “{manifest.name}” in the bucket is not the one it should be."
    )
