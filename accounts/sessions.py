"""Whose session it is, and which of many sessions still stand: for what stays open longer than a request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import visits
from accounts.models import User


@dataclass(frozen=True, slots=True)
class SignIn:
    """One session of one person. `auth_hash` is of the password that they had when they signed in."""

    session_key: str
    owner_id: int
    auth_hash: str


def sign_in_of(session_key: str) -> SignIn | None:
    """Whose session it is; None when it has ended, its person may not sign in any more, or it makes a visit.

    A visit looks at somebody else's pages, which must not be told what happens to the staff's own pictures.
    """
    session = SessionStore(session_key)
    if SESSION_KEY not in session or visits.IN_SESSION in session:
        return None
    sign_in = SignIn(session_key, int(session[SESSION_KEY]), session.get(HASH_SESSION_KEY, ""))
    return sign_in if sign_in in still_standing({sign_in}) else None


def still_standing(sign_ins: Collection[SignIn]) -> set[SignIn]:
    """Those of an unended session of somebody who is active and has the same password. Two queries for all."""
    sessions = Session.objects.filter(
        session_key__in={each.session_key for each in sign_ins}, expire_date__gt=timezone.now()
    )
    keys = set(sessions.values_list("session_key", flat=True))
    people = User.objects.filter(pk__in={each.owner_id for each in sign_ins}, is_active=True).only("password")
    hashes = {
        (person.pk, auth_hash)
        for person in people
        # The fallbacks are of former secret keys, under which a session stands too.
        for auth_hash in (person.get_session_auth_hash(), *person.get_session_auth_fallback_hash())
    }
    return {each for each in sign_ins if each.session_key in keys and (each.owner_id, each.auth_hash) in hashes}
