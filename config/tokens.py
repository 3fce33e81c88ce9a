"""How a token of the API comes with a request: `Authorization: Bearer`. Looking it up is `accounts.tokens`'."""

from __future__ import annotations

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox import auth
from rest_framework.exceptions import AuthenticationFailed

from accounts.tokens import find_token


class TokenAuthentication(auth.TokenAuthentication):
    def authenticate(self, request: Any) -> Any:
        """The person and the token, None without one. Raises AuthenticationFailed, NotAllowed."""
        self.address = str(request.META.get("REMOTE_ADDR", ""))
        return super().authenticate(request)

    def authenticate_credentials(self, token: bytes) -> Any:
        try:
            found = find_token(token.decode(), self.address)
        except UnicodeDecodeError:
            found = None
        if found is None:
            raise AuthenticationFailed("Invalid token.")
        return found.user, found


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """How the API's description names it; found by its base class."""

    target_class = TokenAuthentication  # type: ignore[assignment]
    name = "knoxApiToken"
