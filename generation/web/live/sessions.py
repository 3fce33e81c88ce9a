"""Puts into a websocket's scope whose session it belongs to. Whether that still stands is `accounts.sessions`'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings

from accounts.sessions import SignIn, sign_in_of, still_standing
from generation.messages.threads import in_thread

__all__ = ["OfSession", "SignIn", "in_thread", "sign_in_of", "still_standing"]


class OfSession:
    """ASGI middleware inside of `CookieMiddleware`: puts the `sign_in` into the scope, None for a guest."""

    def __init__(self, inner: Callable[..., Any]) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        session_key = scope["cookies"].get(settings.SESSION_COOKIE_NAME)
        sign_in = await in_thread(sign_in_of, session_key) if session_key else None
        return await self.inner({**scope, "sign_in": sign_in}, receive, send)
