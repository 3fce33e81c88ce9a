"""The demo's two people and their passwords, which differ on every machine."""

from __future__ import annotations

import base64
import hashlib

from django.conf import settings

PEOPLE = (("Maker", "maker"), ("Moderator", "moderator"))


def logins() -> list[tuple[str, str, str]]:
    """(role, user name, password as first set) of each."""
    return [(role, name, first_password(name)) for role, name in PEOPLE]


def first_password(name: str) -> str:
    """Derived from the site's own key: nothing to store, the same at every start, and unknown to others."""
    digest = hashlib.sha256(f"demo:{name}:{settings.SECRET_KEY}".encode()).digest()
    return base64.b32encode(digest).decode()[:12].lower()
