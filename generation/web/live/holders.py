"""Whose a live line is: a session of somebody's browser, or an API token of their program; and which of these stand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from accounts.models import ApiToken
from generation.messages import tickets
from generation.web.live import sessions
from generation.web.live.sessions import SignIn


@dataclass(frozen=True, slots=True)
class TokenSignIn:
    """A program of one person, by the digest of its API token."""

    digest: str
    owner_id: int


Holder = SignIn | TokenSignIn


def sign_in_of_ticket(ticket: str) -> TokenSignIn | None:
    """Whose one-time ticket it is; None when it is none, or its token has ended since. Raises RedisError."""
    holder = tickets.redeem(ticket)
    if holder is None:
        return None
    sign_in = TokenSignIn(digest=holder[1], owner_id=holder[0])
    return sign_in if sign_in in still_standing({sign_in}) else None


def still_standing(holders: Collection[Holder]) -> set[Holder]:
    """Those that have not ended and whose person may still come in. Three queries for all."""
    browsers = {each for each in holders if isinstance(each, SignIn)}
    programs = {each for each in holders if isinstance(each, TokenSignIn)}
    standing: set[Holder] = set()
    if browsers:
        standing |= sessions.still_standing(browsers)
    if programs:
        standing |= standing_programs(programs)
    return standing


def standing_programs(programs: Collection[TokenSignIn]) -> set[TokenSignIn]:
    """Those whose token is there, has not expired, and belongs to somebody who is active."""
    fresh = Q(expiry=None) | Q(expiry__gt=timezone.now())
    rows = ApiToken.objects.filter(fresh, pk__in={each.digest for each in programs}, user__is_active=True)
    standing = set(rows.values_list("pk", "user_id"))
    return {each for each in programs if (each.digest, each.owner_id) in standing}
