"""What third-party programs hold of a person by OAuth, where the site is a provider of it (`OAUTH_PROVIDER`).

Their tokens are allauth's rows; here one is looked up as an API token is, and has the same scopes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.apps import apps

from accounts.models import User

APP = "allauth_idp_oidc"


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token: its row, and what it is for."""

    token_id: int
    scopes: tuple[str, ...]


def find_grant(key: str) -> tuple[User, Grant] | None:
    """Whose access token this is; None where no such one stands, or the site is no provider."""
    if not apps.is_installed("allauth.idp.oidc"):
        return None
    tokens = apps.get_model(APP, "Token")
    # An OAuth client may ask for itself alone; without a person nothing here is anybody's.
    found: Any = _standing().select_related("user").filter(hash=_hash(key), type=tokens.Type.ACCESS_TOKEN).first()
    return (found.user, Grant(found.pk, tuple(found.get_scopes()))) if found else None


def still_standing(grants: Collection[Grant]) -> set[Grant]:
    """Those that neither expired nor were revoked. One query for all."""
    standing = set(_standing().filter(pk__in={each.token_id for each in grants}).values_list("pk", flat=True))
    return {each for each in grants if each.token_id in standing}


def _standing() -> Any:
    return apps.get_model(APP, "Token").objects.valid().filter(user__is_active=True)


def _hash(key: str) -> str:
    from allauth.idp.oidc.adapter import get_adapter  # its app is there only where the setting says so

    hashed: str = get_adapter().hash_token(key)
    return hashed
