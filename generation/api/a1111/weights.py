"""Weight files by the names that this dialect has for them: `name [hash]` for checkpoints, words for the rest."""

from __future__ import annotations

import re

from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.resolving import find_checkpoint, find_vaes
from generation.models import Checkpoint

OWN_VAE = "Automatic"
"""The checkpoint's own."""
_NO_VAE = ("", "automatic", "none")
_HASH = re.compile(r"\s*\[[0-9a-f]{6,64}\]\s*$", re.IGNORECASE)


def title_of(checkpoint: Checkpoint) -> str:
    """As lists tell it and options take it back. A name has no brackets, so it is found in it again."""
    return f"{checkpoint.name} [{checkpoint.autov2}]"


def checkpoint_called(user: User, title: str) -> Checkpoint:
    """By title, name or file; the site's default one for "". Raises Refusal where the user may use no such one."""
    return find_checkpoint(user, _HASH.sub("", title).strip())


def usable_checkpoint(user: User, name: str) -> Checkpoint | None:
    """The one that was set, the site's default where it is gone, and None where there is none at all."""
    for each in dict.fromkeys((name, "")):
        try:
            return checkpoint_called(user, each)
        except Refusal:
            continue
    return None


def vae_called(user: User, name: str) -> str:
    """The name of a VAE as recipes have it. Raises Refusal where the user may use no such one."""
    if name.strip().lower() in _NO_VAE:
        return ""
    return find_vaes(user, {name})[name].name
