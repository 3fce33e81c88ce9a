"""Where copies lie until they are fetched or over: a folder of the data folder, for web server and workers alike."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings


def folder() -> Path:
    path = Path(settings.EXPORTS_DIR)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def free_bytes() -> int:
    return shutil.disk_usage(folder()).free
