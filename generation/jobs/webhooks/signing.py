"""Signatures by the Standard Webhooks specification, and the secrets that they are made with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
SECRET_BYTES = 32
WEBHOOKS = "webhooks"
"""The purpose that they are sealed for in the table."""


def new_secret() -> str:
    """As its person gets it, once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secrets_in_use: Iterable[str], identity: str, timestamp: int, body: str) -> str:
    """The header `webhook-signature`: one signature for each secret, so that a new one can be taken up in peace."""
    content = f"{identity}.{timestamp}.{body}".encode()
    keys = (base64.b64decode(secret.removeprefix(PREFIX)) for secret in secrets_in_use)
    digests = (hmac.new(key, content, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
