"""Tickets that open one live line each, for programs that can send no header: for seconds, and once.

The broker keeps digests, so that nobody who can read there has a ticket.
"""

from __future__ import annotations

import hashlib
import json
import secrets

from generation.messages.broker import connection

SECONDS = 30
BYTES = 32


def issue(owner_id: int, token_digest: str) -> str:
    """A ticket for the holder of this API token. Raises RedisError while the broker is away."""
    ticket = secrets.token_urlsafe(BYTES)
    connection().set(_key(ticket), json.dumps([owner_id, token_digest]), ex=SECONDS)
    return ticket


def redeem(ticket: str) -> tuple[int, str] | None:
    """Whose ticket it was, and by which token; None where it is none, is over, or was used. Raises RedisError."""
    kept = connection().getdel(_key(ticket))
    if not isinstance(kept, bytes):
        return None
    owner_id, digest = json.loads(kept)
    return owner_id, digest


def _key(ticket: str) -> str:
    return f"tempera:ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
