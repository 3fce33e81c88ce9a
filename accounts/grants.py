"""What third-party programs hold of a person by OAuth, where the site is a provider of it (`OAUTH_PROVIDER`).

Their tokens are allauth's rows. Here one is looked up as an API token is, has the same scopes, and ends as one does.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from allauth.idp.oidc.adapter import get_adapter
from allauth.idp.oidc.models import Token
from allauth.idp.oidc.models import TokenQuerySet as Tokens
from django.conf import settings
from django.db.models import Min

from accounts.models import User
from accounts.refusals import NotFound
from accounts.scopes import Scope
from accounts.security_events import record


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token: its row, what it is for, and the addresses that it is for (none: all)."""

    token_id: int
    scopes: tuple[str, ...]
    resources: tuple[str, ...] = ()


def find_grant(key: str) -> tuple[User, Grant] | None:
    """Whose access token this is; None where no such one stands, or the site is no provider."""
    if not settings.OAUTH_PROVIDER:
        return None
    tokens = _standing().select_related("user").filter(type=Token.Type.ACCESS_TOKEN)
    token = tokens.filter(hash=get_adapter().hash_token(key)).first()
    if token is None or token.user is None:
        return None
    return token.user, Grant(token.pk, tuple(token.get_scopes()), tuple(token.get_resources()))


def still_standing(grants: Collection[Grant]) -> set[Grant]:
    """Those that neither expired nor were revoked. One query for all."""
    standing = set(_standing().filter(pk__in={each.token_id for each in grants}).values_list("pk", flat=True))
    return {each for each in grants if each.token_id in standing}


def _standing() -> Tokens:
    tokens: Tokens = Token.objects.valid().filter(user__is_active=True)
    return tokens


@dataclass(frozen=True, slots=True)
class Program:
    """A third party that a person has let in."""

    client_id: str
    name: str
    since: datetime
    scopes: tuple[str, ...]


def programs_of(user: User) -> list[Program]:
    """The longest known first. Its scopes are in the order of `Scope`, without what only tells who one is."""
    rows = Token.objects.valid().filter(user=user, client__isnull=False)
    since = dict(rows.values_list("client").annotate(Min("created_at")))
    scopes: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    for token in rows.select_related("client"):
        if token.client is not None:
            scopes.setdefault(token.client.pk, set()).update(token.get_scopes())
            names[token.client.pk] = token.client.name
    programs = [
        Program(client, names[client], since[client], tuple(each for each in Scope.values if each in scopes[client]))
        for client in names
    ]
    return sorted(programs, key=lambda program: program.since)


def shut_program_out(user: User, client_id: str) -> None:
    """End all that a program holds of the person. NotFound where that is nothing."""
    if not Token.objects.filter(user=user, client=client_id).delete()[0]:
        raise NotFound("not-found", "There is no such program, or you have not let it in.")
    record("program-shut-out", who=user, whom=user, program=client_id)
