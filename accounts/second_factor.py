"""Who must set up a second factor before they decide anything: staff, since what they decide concerns everybody."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
"""Recovery codes alone are none: they stand in for one that was lost."""
SENTENCE = "Staff decide with a second factor only. Add a passkey or an authenticator app, then go on."


def lacks_second_factor(user: Any) -> bool:
    """Whether this is one of the staff and must first set one up; never where `STAFF_SECOND_FACTOR` is off."""
    return bool(settings.STAFF_SECOND_FACTOR and user.is_staff and not is_mfa_enabled(user, FACTORS))
