"""Where the engine finds weights: catalog rows by sha256, resolved to files inside the weights folders."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

from django.conf import settings

from generation.catalog import bucket
from generation.catalog.bucket import KINDS, Known
from generation.engine.outcome import WeightsRefused
from generation.jobs.reachable import hashes_in
from generation.models import Annotator, Checkpoint, ControlNet, Embedding, Job, Lora, Upscaler, Vae
from generation.models.catalog import WeightRow
from generation.worker.fetching import FetchedWeights

LOOK_SECONDS = 60.0


def path_of(row: WeightRow) -> Path | None:
    """The file or folder of a catalog row, whose path is relative to one of the weights folders; None: it is gone."""
    paths = (Path(folder) / row.path for folder in settings.WEIGHTS_DIRS if row.path)
    return next((path for path in paths if path.exists()), None)


def file_of(row: WeightRow) -> Path:
    """As `path_of`, for a caller who cannot do without the file: it is fetched from the bucket, if it lies there."""
    if path := path_of(row) or fetched_path(row.sha256):
        return path
    raise WeightsRefused("weights-missing", f"The files of “{row.title}” are no longer where they were.")


@cache
def fetched() -> FetchedWeights:
    """This process's only ones."""
    return FetchedWeights(Path(settings.WEIGHTS_CACHE_DIR), settings.WEIGHTS_CACHE_GB * 10**9)


@cache
def _known() -> Known:
    return Known()


def fetched_path(sha256: str) -> Path | None:
    """Weights that lie in the bucket, fetched now unless they are here. Raises WeightsRefused, StorageAway."""
    return fetched().find(sha256) if bucket.is_used() else None


def missing_for(job: Job) -> set[str]:
    """Hashes of the weights that a job is drawn with and that no folder of this machine has."""
    if not bucket.is_used():
        return set()
    named = hashes_in(job.recipe_json)
    rows = (row for kind in KINDS for row in kind.objects.filter(sha256__in=named))
    return {row.sha256 for row in rows if not path_of(row)}


def reachable_checkpoints() -> list[str]:
    """sha256 of the checkpoints whose files this process finds, or can fetch."""
    stored = _known().hashes()
    return sorted({row.sha256 for row in Checkpoint.objects.all() if row.sha256 in stored or path_of(row)})


class Lacking:
    """What else the catalog has and this process neither finds nor can fetch, as it looked a while ago.

    There may be thousands of files on a slow disk, and heartbeats must not wait for them each time.
    """

    def __init__(self) -> None:
        self._hashes: list[str] = []
        self._looked_at = float("-inf")

    def hashes(self) -> list[str]:
        if time.monotonic() - self._looked_at > LOOK_SECONDS:
            self.look()
        return self._hashes

    def look(self) -> None:
        stored = _known().hashes()
        # Several people may have rows of one file; any of them that has it will do.
        found: dict[str, bool] = {}
        for kind in KINDS:
            if kind is not Checkpoint:
                for row in kind.objects.only("sha256", "path"):
                    found[row.sha256] = found.get(row.sha256) or row.sha256 in stored or path_of(row) is not None
        self._hashes = sorted(sha256 for sha256, is_found in found.items() if not is_found)
        self._looked_at = time.monotonic()


class CatalogWeights:
    """The engine's `WeightSource` over the catalog."""

    def checkpoint(self, sha256: str) -> Path:
        return self._find(Checkpoint, sha256)

    def vae(self, sha256: str) -> Path:
        return self._find(Vae, sha256)

    def lora(self, sha256: str) -> Path:
        return self._find(Lora, sha256)

    def embedding(self, sha256: str) -> Path:
        return self._find(Embedding, sha256)

    def controlnet(self, sha256: str) -> Path:
        return self._find(ControlNet, sha256)

    def annotator(self, sha256: str) -> Path:
        return self._find(Annotator, sha256)

    def upscaler(self, sha256: str) -> Path:
        return self._find(Upscaler, sha256)

    def _find(self, model: type[WeightRow], sha256: str) -> Path:
        rows = list(model.objects.filter(sha256=sha256).order_by("pk"))
        if not rows:
            raise WeightsRefused("weights-missing", "A weight file of this recipe is no longer in the catalog.")
        # Several people may have rows of one file; any of them that still has it will do.
        return next((path for path in map(path_of, rows) if path), None) or file_of(rows[0])
