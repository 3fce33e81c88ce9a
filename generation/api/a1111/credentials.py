"""Whose token it is, however a program of this dialect brings it: as the password of Basic, or by Bearer.

A key in the address has become a Bearer header before any view is asked.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from generation.api.dialect import BEARER

HEADER = "HTTP_AUTHORIZATION"


class Credentials(BaseAuthentication):
    """Basic is told to programs that bring nothing; looking a token up is the site's own authentication's."""

    def authenticate(self, request: Any) -> Any:
        """The person and the token, None where none is brought. Raises AuthenticationFailed."""
        scheme, _, value = request.META.get(HEADER, "").strip().partition(" ")
        if scheme.lower() != "basic":
            return by_bearer(request)
        name, token = name_and_token(value)
        request.META[HEADER] = f"Bearer {token}"
        vars(getattr(request, "_request", request)).pop("headers", None)  # Django made them once, of what META was then
        user, found = by_bearer(request)
        # A token is enough by itself; a wrong name beside it is a setting that its person did not mean.
        owner = getattr(found, "user", user)  # a grant has none of its own
        if name.casefold() not in (owner.username.casefold(), owner.email.casefold()):
            raise AuthenticationFailed("Invalid user name.")
        return user, found

    def authenticate_header(self, request: Any) -> str:
        return 'Basic realm="API", charset="UTF-8"'


def by_bearer(request: Any) -> Any:
    """As every API of the site knows a token."""
    return BEARER[0]().authenticate(request)


def name_and_token(value: str) -> tuple[str, str]:
    """What Basic encodes. What no token can be is refused before a database is asked for it."""
    try:
        name, _, token = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise AuthenticationFailed("Invalid basic header.") from None
    if not (token.isascii() and token.isprintable() and token.strip()):
        raise AuthenticationFailed("Invalid token.")
    return name, token.strip()
