"""Has a browser forget what it keeps of this site once a session is over: signed out, closed, ended from elsewhere.

What is private is `no-store`; these are pages that a browser holds in memory for its Back button, and what scripts
remember. Cookies stay: the session's is deleted by itself, and the theme is the device's. Browsers heed it over https
and from localhost.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest
from django.http.response import HttpResponseBase

FORGET = '"cache", "storage"'
"""Not "cookies", with which a message on the next page would go. The first may take Chromium seconds where it keeps
much: at the end of a session that is better than a page that comes back.
"""


class SignedOut:
    """Middleware right below the sessions'."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Without its cookie there is no session: looking for one would tell caches that the page depends on it.
        if not request.COOKIES.get(settings.SESSION_COOKIE_NAME):
            return self.get_response(request)
        was_signed_in = SESSION_KEY in request.session
        is_gone = request.session.session_key is None  # it was ended from elsewhere, or has run out
        response = self.get_response(request)
        if (was_signed_in or is_gone) and SESSION_KEY not in request.session:
            response["Clear-Site-Data"] = FORGET
        return response
