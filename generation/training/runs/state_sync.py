"""A trainer's folder and its copy in the storage: another worker goes on from it."""

from __future__ import annotations

from pathlib import Path

import structlog

from generation.models import TrainingRun
from generation.storage import files as storage_files
from generation.training.runs import files
from generation.training.runs.lifecycle import save_state

logger = structlog.get_logger(__name__)

STATE = "state.safetensors"
"""The trainer writes it last, so the folder is complete when this file has changed."""

Stamp = tuple[int, int]


class StateSync:
    """The folder of one attempt. The row names the stored files, so that a copy counts as a whole or not at all."""

    def __init__(self, run: TrainingRun, folder: Path) -> None:
        self.run = run
        self.folder = folder
        self._saved: dict[str, Stamp] = {}

    def restore(self) -> None:
        """Fill the empty folder with what the last attempt saved."""
        for name, stored in self.run.state_files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(storage_files.read(stored))
            self._saved[name] = _stamp(path)

    def stored_name(self, path: Path) -> str | None:
        """Under which name the storage has this file of the folder as it is now, if it has."""
        name = path.relative_to(self.folder).as_posix()
        return self.run.state_files.get(name) if self._saved.get(name) == _stamp(path) else None

    def save(self) -> bool:
        """Store what changed since, if the trainer has saved. False when the run is no longer this attempt's.

        A storage that refuses costs no more than the steps since the last copy, so the training goes on.
        """
        state = self.folder / STATE
        if not state.exists() or self.stored_name(state):
            return True
        whole = [path for path in self.folder.rglob("*.safetensors") if not path.name.startswith(".")]
        stamps = {path.relative_to(self.folder).as_posix(): _stamp(path) for path in whole}
        changed = [name for name in stamps if self._saved.get(name) != stamps[name]]
        try:
            stored = {name: files.store(self.run, name, (self.folder / name).read_bytes()) for name in changed}
        except Exception:  # each storage raises its own
            logger.exception("state_not_saved", run=self.run.code)
            return True
        before = self.run.state_files
        if not save_state(self.run, {**before, **stored}):
            storage_files.discard(*stored.values())
            return False
        self._saved |= {name: stamps[name] for name in changed}
        files.discard_unused(self.run.code, before.values())
        return True


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
