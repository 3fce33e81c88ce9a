"""API tokens as they are used: made, found by their keys, bounded to addresses, ended. What they use is `budgets`'.

Every door that takes a token looks it up here, whatever header or address brings it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from ipaddress import ip_address, ip_network
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from knox.crypto import hash_token
from knox.settings import CONSTANTS

from accounts.models import ApiToken, User
from accounts.refusals import NotAllowed
from accounts.sealing import seal, unseal
from accounts.security_events import record

PEOPLE = "people"
"""The purpose that secrets of tokens that speak for people are sealed for."""
USED_EVERY = timedelta(minutes=1)
"""So long a later use is not written down: reading a page of jobs should not write a row each time."""


@dataclass(frozen=True, slots=True)
class TokenSignIn:
    """A program that acts for one person: the digest of its token, and whose it is or for whom it speaks."""

    digest: str
    owner_id: int


def standing_tokens() -> QuerySet[ApiToken]:
    """Those that have neither expired nor lost their person."""
    fresh = Q(expiry=None) | Q(expiry__gt=timezone.now())
    tokens: QuerySet[ApiToken] = ApiToken.objects.filter(fresh, user__is_active=True)
    return tokens


def make_token(user: User, bounds: Mapping[str, Any]) -> tuple[str, str]:
    """Make one; its key, and the secret of one that speaks for people or "". The key can be read nowhere again."""
    secret = secrets.token_urlsafe(32) if bounds.get("speaks_for_people") else ""
    kept = seal(secret, PEOPLE) if secret else ""
    _, key = ApiToken.objects.create(user=user, people_secret=kept, **bounds)
    record("token-made", who=user, whom=user, scopes=sorted(bounds.get("scopes", ())), for_people=bool(secret))
    return key, secret


def remove_token(token: ApiToken) -> None:
    """It is refused from then on, and what it opened is closed."""
    with transaction.atomic():
        token.delete()
        record("token-removed", who=token.user, whom=token.user, made_at=token.created.isoformat(timespec="seconds"))


def people_secret_of(token: ApiToken) -> str:
    """What its program signs names with; "" where there is none, or it was sealed by a key that the site has lost."""
    return unseal(token.people_secret, PEOPLE) or ""


def find_token(key: str, address: str = "") -> ApiToken | None:
    """The token of this key with its person, None where no such one stands; its use is written down.

    `address` is the client's. Raises NotAllowed where the token may not be used from there.
    """
    if not key.isascii() or not key.isprintable():  # no database takes all of these
        return None
    digest = hash_token(key)
    near = standing_tokens().filter(token_key=key[: CONSTANTS.TOKEN_KEY_LENGTH]).select_related("user")
    token = next((each for each in near if compare_digest(digest, each.digest)), None)
    if token is not None:
        check_address(token, address)
        note_use(token)
    return token


def check_address(token: ApiToken, address: str) -> None:
    """Raise NotAllowed where the token may not be used from this address."""
    if token.allowed_addresses and not _lies_in(address, token.allowed_addresses):
        raise NotAllowed("address-not-allowed", "This token may not be used from this address.")


def _lies_in(address: str, networks: Iterable[str]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:  # of a socket in a file, or none
        return False
    # A server that listens on both kinds sees IPv4 inside of IPv6.
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(parsed in ip_network(network) for network in networks)


def note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        token.last_used_at = now


def still_standing(sign_ins: Collection[TokenSignIn]) -> set[TokenSignIn]:
    """Those whose token has not been removed and stands, and whose person is active. One query for all.

    Where a token speaks for people its own person and whom it speaks for are asked for as well.
    """
    tokens = standing_tokens().filter(pk__in={each.digest for each in sign_ins})
    own = set(tokens.values_list("pk", "user_id"))
    of_others = {each for each in sign_ins if (each.digest, each.owner_id) not in own}
    if not of_others:
        return set(sign_ins)
    speaking = set(tokens.filter(speaks_for_people=True, user__is_superuser=True).values_list("pk", flat=True))
    people = User.objects.filter(pk__in={each.owner_id for each in of_others}, is_active=True)
    active = set(people.values_list("pk", flat=True))
    fallen = {each for each in of_others if each.digest not in speaking or each.owner_id not in active}
    return set(sign_ins) - fallen
