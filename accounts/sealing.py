"""Secrets that must be readable again, as they lie in the database: sealed with the site's key (Fernet, AES and HMAC).

What is only compared is hashed elsewhere, and never sealed. What lay open before this was introduced is read as it is.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import suppress

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

MARK = "gAAAAA"
"""How every Fernet token begins until the year 6429: its version, then the first bytes of the time."""


def seal(secret: str, purpose: str) -> str:
    """What is kept of a secret. One that was sealed for another purpose is not opened for this one."""
    return next(_boxes(purpose)).encrypt(secret.encode()).decode()


def unseal(kept: str, purpose: str) -> str | None:
    """The secret, whether it was sealed or lay open.

    None where the site has another SECRET_KEY by now and not the former one among SECRET_KEY_FALLBACKS.
    """
    if not kept.startswith(MARK):
        return kept
    for box in _boxes(purpose):
        with suppress(InvalidToken):
            return box.decrypt(kept.encode()).decode()
    return None


def is_newest(kept: str, purpose: str) -> bool:
    """Whether it is sealed, and by the present SECRET_KEY. What is empty needs no seal."""
    with suppress(InvalidToken):
        return not kept or bool(next(_boxes(purpose)).decrypt(kept.encode()))
    return False


def _boxes(purpose: str) -> Iterator[Fernet]:
    """By the site's key, then by each of its former ones. The keys are long and random, so one hash derives others."""
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        digest = hashlib.sha256(f"{purpose}:{key}".encode()).digest()
        yield Fernet(base64.urlsafe_b64encode(digest))
