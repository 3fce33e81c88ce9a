"""The secrets that this site keeps in its data folder, without which what is sealed with them cannot be opened."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings

NAMES = ("secret_key", "oauth_key")
FOLDER = "signing"
"""The own authority that signs pictures; without it this site does not know its own pictures again."""


def secret_files() -> list[Path]:
    """Those that there are. What the operator set in the environment is the operator's to keep."""
    folder = Path(settings.DATA_DIR)
    found = [folder / name for name in NAMES] + sorted((folder / FOLDER).glob("*.pem"))
    return [path for path in found if path.is_file()]


def is_secret(name: str) -> bool:
    """Whether a backup may bring a secret of this name, relative to the data folder."""
    return name in NAMES or (name.startswith(f"{FOLDER}/") and name.count("/") == 1 and name.endswith(".pem"))


def key_mark(key: str = "") -> str:
    """By which a place sees whether its SECRET_KEY is the one that a backup was made under; it tells nothing of it."""
    return hashlib.sha256(f"backup:{key or settings.SECRET_KEY}".encode()).hexdigest()[:16]


def knows_key(mark: str) -> bool:
    return mark in {key_mark(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)}
