"""This machine and what is installed on it: settings, packages, and room on its disks."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from django.conf import settings
from django.core.checks import run_checks

from config.doctor.findings import Line, fail, ok, warn

PINNED = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)
LEAST_PYTHON = (3, 11)
LITTLE_BYTES = 5 * 1024**3
TOO_LITTLE_BYTES = 512 * 1024**2
"""As much as `config.exports` leaves free; below that nobody's pictures are safe."""
GIB = 1024**3


def settings_in_order() -> Iterator[Line]:
    """What `manage.py check` says of all apps."""
    messages = [message for message in run_checks() if not message.is_silenced()]
    for message in messages:
        line = fail if message.is_serious() else warn
        yield line("settings", " ".join(message.msg.split()), " ".join((message.hint or "See the settings.").split()))
    if not messages:
        yield ok("settings", f"In order; the site is {settings.SITE_URL}.")


def versions() -> Iterator[Line]:
    python = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < LEAST_PYTHON:
        yield fail("versions", f"Python is {python}.", "Install Python 3.11 and make .venv anew.")
    others = sorted(different_packages())
    if others:
        shown = "; ".join(f"{name} is {here}, pinned is {pinned}" for name, here, pinned in others[:5])
        more = f"; {len(others) - 5} more" if len(others) > 5 else ""
        yield warn("versions", f"{shown}{more}.", "Run `pip install -r requirements.txt` in this Python.")
    else:
        yield ok("versions", f"Python {python}; every package that is installed is the pinned one.")


def different_packages() -> Iterator[tuple[str, str, str]]:
    """Name, version here and version pinned. A package that is not here is none that this machine uses.

    A build for a certain device (`2.13.0+cu130`) is the version that it is a build of.
    """
    text = (Path(settings.BASE_DIR) / "requirements.txt").read_text(encoding="utf-8")
    for name, pinned in PINNED.findall(text):
        try:
            here = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        if here.split("+")[0] != pinned.split("+")[0]:
            yield name, here, pinned


def disk() -> Iterator[Line]:
    """Of each disk that something is written to, once."""
    seen: set[int] = set()
    for folder in (settings.DATA_DIR, settings.MEDIA_ROOT, settings.WEIGHTS_DIRS[0], settings.BACKUP_DIR):
        place = nearest(Path(folder))
        if place.stat().st_dev in seen:
            continue
        seen.add(place.stat().st_dev)
        free = shutil.disk_usage(place).free
        said = f"{free / GIB:.1f} GiB are free where {folder} lies."
        advice = "Make room: what is full first loses uploads and pictures, then the database."
        if free < TOO_LITTLE_BYTES:
            yield fail("disk", said, advice)
        elif free < LITTLE_BYTES:
            yield warn("disk", said, advice)
        else:
            yield ok("disk", said)


def nearest(folder: Path) -> Path:
    """The folder, or the one above it that there is."""
    return next(path for path in (folder, *folder.parents) if path.exists())
