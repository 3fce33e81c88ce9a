"""The data folder is for the user that Tempera runs as, and for nobody else on the machine."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO
# What a folder of Tempera's holds at least one of.
OURS = {"secret_key", "tempera.sqlite3"}


def private_folder(folder: Path) -> Path:
    """The folder, made for us alone; one that stood open is closed, with what Tempera wrote into it.

    One that is not ours to close stays as it is, and the check of the settings says so.
    """
    # What cannot be made is told by who writes into it first.
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if may_close(folder):
            for path in [*written_in(folder), folder]:
                close(path)
        # A command that made the database by itself, before any start, left it as such commands do.
        for path in (folder / name for name in OURS):
            if path.exists() and path.stat().st_mode & OTHERS:
                close(path)
    return folder


def may_close(folder: Path) -> bool:
    """Whether the folder is open, our user's, and Tempera's: empty or with our files. Never one like `/tmp`."""
    status = folder.stat()
    if not status.st_mode & OTHERS or status.st_uid != os.geteuid() or status.st_mode & stat.S_ISVTX:
        return False
    names = set(os.listdir(folder))
    return not names or bool(names & OURS)


def written_in(folder: Path) -> list[Path]:
    """All files and folders in it but the weights, which an operator may share with other tools."""
    tops = [path for path in folder.iterdir() if path.name != "weights"]
    inner = [path for top in tops if top.is_dir() and not top.is_symlink() for path in top.rglob("*")]
    return [path for path in (*tops, *inner) if not path.is_symlink()]


def close(path: Path) -> None:
    # Gone meanwhile, or somebody else's.
    with contextlib.suppress(OSError):
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OTHERS)
