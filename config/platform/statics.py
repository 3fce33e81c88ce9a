"""Collect the static files when one of them has changed; hashing and compressing them all takes seconds."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect_if_changed() -> bool:
    """Fill `STATIC_ROOT` unless it holds these very files already; true when it did something."""
    if settings.STATIC_SOURCES:
        return False
    stamp = settings.DATA_DIR / "static.stamp"
    print_of_files = fingerprint()
    if stamp.exists() and stamp.read_text() == print_of_files and settings.STATIC_ROOT.is_dir():
        return False
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(print_of_files)
    return True


def fingerprint() -> str:
    """Changes with the name, size or time of any source file."""
    digest = hashlib.sha256(str(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda found: found[0]):
            stat = (storage.size(path), storage.get_modified_time(path).timestamp())
            digest.update(f"{path}:{stat}".encode())
    return digest.hexdigest()
