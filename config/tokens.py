"""How a token comes with a request of the API: `Authorization: Bearer`, whether made here or granted by OAuth."""

from __future__ import annotations

from typing import Any

from allauth.idp.oidc.internal.resources import is_resources_subset
from django.conf import settings
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox import auth
from rest_framework.exceptions import AuthenticationFailed

from accounts.grants import find_grant
from accounts.tokens import find_token
from generation.api.people import person_asking


class TokenAuthentication(auth.TokenAuthentication):
    def authenticate(self, request: Any) -> Any:
        """The person and the token; of one that speaks for people whom its program names. None without one.

        Raises AuthenticationFailed, NotAllowed also for somebody who is named and has no account here.
        """
        self.address = str(request.META.get("REMOTE_ADDR", ""))
        self.resource = settings.SITE_URL + request.path
        found = super().authenticate(request)
        if found is None:
            return None
        user, auth = found
        return person_asking(user, auth, request.headers), auth

    def authenticate_credentials(self, token: bytes) -> Any:
        try:
            key = token.decode()
        except UnicodeDecodeError:
            raise AuthenticationFailed("Invalid token.") from None
        if (found := find_token(key, self.address)) is not None:
            return found.user, found
        granted = find_grant(key)
        if granted is not None and is_resources_subset([self.resource], [*granted[1].resources]):
            return granted
        raise AuthenticationFailed("Invalid token.")


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """How the API's description names it; found by its base class."""

    target_class = TokenAuthentication  # type: ignore[assignment]
    name = "knoxApiToken"
