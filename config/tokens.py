"""Whom a token of the API stands for; knox's own look-up would take a header that is no text for an error of ours."""

from __future__ import annotations

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox import auth
from rest_framework.exceptions import AuthenticationFailed

from generation.api.people import person_asking


class TokenAuthentication(auth.TokenAuthentication):
    def authenticate(self, request: Any) -> Any:
        """The person and the token; of one that speaks for people whom its program names. Raises AuthenticationFailed.

        Raises NotAllowed for somebody who is named and has no account here.
        """
        found = super().authenticate(request)
        return found and (person_asking(*found, request.headers), found[1])

    def authenticate_credentials(self, token: bytes) -> Any:
        """The person and the token. Raises AuthenticationFailed."""
        try:
            return super().authenticate_credentials(token)
        except UnicodeDecodeError:
            raise AuthenticationFailed("Invalid token.") from None


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """How the API's description names it; found by its base class."""

    target_class = TokenAuthentication  # type: ignore[assignment]
    name = "knoxApiToken"
