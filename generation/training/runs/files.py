"""The stored files of training runs: what a worker needs to go on, snapshots, samples. Rows say which are in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generation.models import Snapshot, TrainingRun
from generation.storage import files

FOLDER = "runs"


def store(run: TrainingRun, name: str, data: bytes) -> str:
    """Store a file of this attempt; the name under which it lies. Never overwrites: the storage finds a free name."""
    return files.write(f"{FOLDER}/{run.code}/{run.attempt}-{name.replace('/', '-')}", data)


def in_use(code: str) -> set[str]:
    """The stored names that rows of the run point at."""
    rows = Snapshot.objects.filter(run__code=code).values_list("file", "samples")
    states = TrainingRun.objects.filter(code=code).values_list("state_files", flat=True)
    return {name for file, samples in rows for name in (file, *samples)} | {n for each in states for n in each.values()}


def sweep(code: str) -> None:
    """Remove the files of a run that no row points at any more. Call when nobody writes for it."""
    discard_unused(code, names_of(code))


def discard_unused(code: str, names: Iterable[str]) -> None:
    used = in_use(code)
    files.discard(*(name for name in names if name not in used))


def names_of(code: str) -> list[str]:
    return [name for _, names in files.folders(f"{FOLDER}/{code}") for name in names]


def orphans() -> Iterator[str]:
    """Stored files that no run uses, a day after they were written: of late results, half-written ones."""
    for folder, names in files.folders(FOLDER):
        used = in_use(folder.removeprefix(f"{FOLDER}/"))
        yield from files.orphans_among(name for name in names if name not in used)
