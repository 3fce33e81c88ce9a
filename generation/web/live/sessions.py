"""Whose a websocket is: a page's by the session of its cookie, a program's by its ticket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings

from accounts.sessions import sign_in_of
from accounts.tokens import TokenSignIn, still_standing
from generation.messages import tickets
from generation.messages.threads import in_thread


class OfSession:
    """ASGI middleware inside of `CookieMiddleware`: puts the `sign_in` into the scope, None for a guest."""

    def __init__(self, inner: Callable[..., Any]) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        session_key = scope["cookies"].get(settings.SESSION_COOKIE_NAME)
        sign_in = await in_thread(sign_in_of, session_key) if session_key else None
        return await self.inner({**scope, "sign_in": sign_in}, receive, send)


def sign_in_of_ticket(ticket: str) -> TokenSignIn | None:
    """Whose one-time ticket it is; None when it is none, or its token has ended since. Raises RedisError."""
    holder = tickets.redeem(ticket)
    if holder is None:
        return None
    sign_in = TokenSignIn(digest=holder[1], owner_id=holder[0])
    return sign_in if sign_in in still_standing({sign_in}) else None
