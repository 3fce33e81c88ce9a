"""Whose session a live line belongs to, and which of these sessions still stand.

Read in threads of the lines' own: what Channels reads by itself waits in the one thread that all lines share.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connections
from django.utils import timezone

from accounts.models import User

# Few are enough, as each look serves all lines. Their connections do not outlive a call: a thread may rest for hours.
THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="live")

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class SignIn:
    """One session of one person. `auth_hash` is of the password that they had when they signed in."""

    session_key: str
    owner_id: int
    auth_hash: str


class OfSession:
    """ASGI middleware inside of `CookieMiddleware`: puts the `sign_in` into the scope, None for a guest."""

    def __init__(self, inner: Callable[..., Any]) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        session_key = scope["cookies"].get(settings.SESSION_COOKIE_NAME)
        sign_in = await in_thread(sign_in_of, session_key) if session_key else None
        return await self.inner({**scope, "sign_in": sign_in}, receive, send)


async def in_thread(read: Callable[..., Value], *args: object) -> Value:
    """What `read` reads from the database, in a thread of the lines' own."""
    return await asyncio.get_running_loop().run_in_executor(THREADS, _read_and_close, read, args)


def _read_and_close(read: Callable[..., Value], args: tuple[object, ...]) -> Value:
    try:
        return read(*args)
    finally:
        connections.close_all()


def sign_in_of(session_key: str) -> SignIn | None:
    """Whose session it is; None when it has ended, or its person may not sign in any more."""
    session = SessionStore(session_key)
    if SESSION_KEY not in session:
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
