"""Signatures by the Standard Webhooks specification, and the secrets that they are made with, sealed for the table."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """As its person gets it, once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def seal(secret: str) -> str:
    return _box().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str | None:
    """The secret; None where the site has another SECRET_KEY by now and not the former one among its fallbacks."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def signature(secrets_in_use: Iterable[str], identity: str, timestamp: int, body: str) -> str:
    """The header `webhook-signature`: one signature for each secret, so that a new one can be taken up in peace."""
    content = f"{identity}.{timestamp}.{body}".encode()
    keys = (base64.b64decode(secret.removeprefix(PREFIX)) for secret in secrets_in_use)
    digests = (hmac.new(key, content, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _box() -> MultiFernet:
    """Seals with the site's key, and opens with its former ones too."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = (hashlib.sha256(f"webhooks:{key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
