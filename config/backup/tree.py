"""Which weight files a backup holds: all that lie in the site's own folder, each once, whatever links lead to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

UNFINISHED = ".part-"
"""How files begin that are being written."""


@dataclass(frozen=True)
class Weights:
    """A file at `path`, called `name` below the folder; of one that another link leads to as well, the first name."""

    name: str
    path: Path
    size: int


def root() -> Path:
    return Path(settings.WEIGHTS_DIRS[0])


def weight_files() -> tuple[list[Weights], list[str]]:
    """All of them, and the links that were not followed: what they lead to is there under another name, or gone.

    What is bundled comes with the code.
    """
    found: list[Weights] = []
    left: list[str] = []
    for name, path, target in walked(root()):
        if target is None:
            left.append(name)
        else:
            found.append(Weights(name, path, target.stat().st_size))
    return found, left


def walked(folder: Path) -> Iterator[tuple[str, Path, Path | None]]:
    """Name, path and real file of each file below the folder; None in place of a file for a link that adds nothing.

    Real folders are walked before links, so that a file has the name of the place where it lies.
    """
    waiting = [folder] if folder.is_dir() else []
    links: list[Path] = []
    seen: set[Path] = {folder.resolve()}
    while waiting or links:
        inside = waiting.pop(0) if waiting else links.pop(0)
        if inside.is_symlink() and inside != folder and not is_new(inside, seen):
            yield inside.relative_to(folder).as_posix(), inside, None
            continue
        if not inside.is_dir():
            yield inside.relative_to(folder).as_posix(), inside, inside.resolve()
            continue
        for path in sorted(Path(entry.path) for entry in os.scandir(inside)):
            if path.is_symlink():
                links.append(path)
            elif path.is_dir():
                seen.add(path.resolve())
                waiting.append(path)
            elif path.is_file() and not path.name.startswith(UNFINISHED):
                seen.add(path.resolve())
                yield path.relative_to(folder).as_posix(), path, path.resolve()


def is_new(link: Path, seen: set[Path]) -> bool:
    """Whether it leads to a file or folder that was not met yet, nor to one above what was met."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # gone, or a circle of links
        return False
    if target in seen or any(each.is_relative_to(target) for each in seen):
        return False
    seen.add(target)
    return target.is_dir() or target.is_file()
