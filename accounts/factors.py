"""How allauth is told this site's rules about second factors: their secrets lie sealed, wrong codes are recorded."""

from __future__ import annotations

import structlog
from allauth.mfa.adapter import DefaultMFAAdapter

from accounts.refusals import Conflict
from accounts.sealing import seal, unseal

logger = structlog.get_logger(__name__)

FACTORS = "second-factors"
"""The purpose that secrets of authenticator apps and recovery codes are sealed for."""
UNREADABLE = "The site's key was changed, so this code cannot be checked. Use a passkey, or ask who runs the site."


class FactorAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return seal(text, FACTORS)

    def decrypt(self, encrypted_text: str) -> str:
        """Never an empty secret where it cannot be read: codes of that one could be worked out by anybody."""
        secret = unseal(encrypted_text, FACTORS)
        if secret is None:
            logger.error("secret_unreadable", purpose=FACTORS, hint="add the former key to SECRET_KEY_FALLBACKS")
            raise Conflict("secret-unreadable", UNREADABLE)
        return secret
