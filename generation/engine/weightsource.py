"""Where weight files are found by their pinned hash, and the check that a file is still the one that was pinned."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from generation.engine.outcome import WeightsRefused
from generation.weightfiles.hashing import hash_weights


class WeightSource(Protocol):
    """The catalog as the engine sees it. Each method gives a file or folder, or raises KeyError."""

    def checkpoint(self, sha256: str) -> Path: ...

    def vae(self, sha256: str) -> Path: ...

    def lora(self, sha256: str) -> Path: ...

    def embedding(self, sha256: str) -> Path: ...

    def controlnet(self, sha256: str) -> Path: ...

    def annotator(self, sha256: str) -> Path: ...

    def upscaler(self, sha256: str) -> Path: ...


class FolderWeights:
    """A WeightSource over a plain mapping {key: path}, for tests, benchmarks and the shell."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._paths = dict(paths)

    @classmethod
    def of(cls, *paths: Path) -> FolderWeights:
        """The files under their true hashes."""
        return cls({hash_weights(path): path for path in paths})

    def checkpoint(self, sha256: str) -> Path:
        return self._paths[sha256]

    vae = lora = embedding = controlnet = annotator = upscaler = checkpoint


def pinned_file(find: Callable[[str], Path], sha256: str, what: str) -> Path:
    """The file that `find` gives for `sha256`, hashed again when it is new to this process or was touched since.

    Raises WeightsRefused when it is missing or no longer the file that was pinned. A key that is not a SHA-256 (tests
    and benchmarks name files freely) pins nothing and is not compared.
    """
    try:
        path = find(sha256)
    except KeyError as error:
        raise WeightsRefused("missing-weights", f"The {what} is not in the catalog any more.") from error
    if not path.exists():
        raise WeightsRefused("missing-weights", f"The file of the {what} “{path.stem}” is missing.")
    if len(sha256) == 64 and not _checked.knows(path, sha256):
        raise WeightsRefused(
            "changed-weights", f"The file of the {what} “{path.stem}” is not the one that was registered."
        )
    return path


class _CheckedFiles:
    """Hashes already taken in this process, so that loading a 4 GB file again does not read it twice."""

    def __init__(self) -> None:
        self._hashes: dict[tuple[Path, tuple[tuple[int, int], ...]], str] = {}
        self._lock = threading.Lock()

    def knows(self, path: Path, sha256: str) -> bool:
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        key = path, tuple((file.stat().st_mtime_ns, file.stat().st_size) for file in files)
        with self._lock:
            taken = self._hashes.get(key)
        if taken is None:
            taken = hash_weights(path)
            with self._lock:
                self._hashes[key] = taken
        return taken == sha256


_checked = _CheckedFiles()
