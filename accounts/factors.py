"""How allauth is told this site's rules about second factors: their secrets lie sealed, wrong codes are recorded."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.internal.stagekit import unstash_login
from allauth.core import context as allauth_context
from allauth.mfa.adapter import DefaultMFAAdapter

from accounts.refusals import Conflict
from accounts.sealing import seal, unseal
from accounts.security_events import record

logger = structlog.get_logger(__name__)

FACTORS = "second-factors"
"""The purpose that secrets of authenticator apps and recovery codes are sealed for."""
UNREADABLE = "The site's key was changed, so this code cannot be checked. Use a passkey, or ask who runs the site."


class FactorAdapter(DefaultMFAAdapter):
    def validation_error(self, code: str, *args: Any) -> Any:
        """Raised by allauth for a wrong code and for a passkey that does not fit."""
        if code == "incorrect_code":
            record("second-factor-failed", whom=_meant())
        return super().validation_error(code, *args)

    def encrypt(self, text: str) -> str:
        return seal(text, FACTORS)

    def decrypt(self, encrypted_text: str) -> str:
        """Never an empty secret where it cannot be read: codes of that one could be worked out by anybody."""
        secret = unseal(encrypted_text, FACTORS)
        if secret is None:
            logger.error("secret_unreadable", purpose=FACTORS, hint="add the former key to SECRET_KEY_FALLBACKS")
            raise Conflict("secret-unreadable", UNREADABLE)
        return secret


def _meant() -> Any:
    """Who is signed in, or has given their password and owes the code; nobody where a passkey alone was tried."""
    request = allauth_context.request
    if request.user.is_authenticated:
        return request.user
    login = unstash_login(request, peek=True)
    return login.user if login else None
