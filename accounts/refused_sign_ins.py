"""Sign-ins from elsewhere that came to nothing, as security events: by which provider, and why, in one word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.providers.base.constants import AuthError
from django.http import HttpRequest
from requests import RequestException

from accounts.models import User
from accounts.refusals import Refusal
from accounts.security_events import record


def note_refused(request: HttpRequest, provider: str, why: str, whom: User | None = None) -> None:
    """Of somebody who is signed in already it is a login that is not connected."""
    kind = "connecting-refused" if request.user.is_authenticated else "sign-in-refused"
    record(kind, whom=whom, by=provider, why=why)


def reason_of(
    request: HttpRequest, error: str | None, exception: Exception | None, told: Mapping[str, Any] | None
) -> str:
    """Why allauth lets nobody in: a word that tells nothing of what was sent, as an event must not."""
    if error == AuthError.CANCELLED:
        return "cancelled"
    if isinstance(exception, Refusal):
        return exception.code
    if isinstance(exception, RequestException):
        return "provider-away"
    if exception is not None or "saml_errors" in (told or {}):
        return "bad-answer"
    return "provider-error" if "error" in request.GET else "not-asked-for"
