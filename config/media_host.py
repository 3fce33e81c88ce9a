"""Pictures from a host of their own (`MEDIA_URL`), where no cookie goes: a signed key in the address says who asks.

The key opens nothing. It names a person for some minutes, and the same views decide there, each time, what they may
see: what was withdrawn or deleted is gone at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import MiddlewareNotUsed
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.crypto import constant_time_compare

from accounts.models import User
from config.bodies import name_of

PICTURES = {
    "image-file",
    "image-thumbnail",
    "post-picture",
    "post-thumbnail",
    "post-thumbnail-sized",
    "shared-picture",
    "shared-thumbnail",
    "release-sample",
    "dataset-file",
    "dataset-thumbnail",
    "run-sample",
    "job-preview",
    "source-file",
    "source-thumbnail",
}
"""Addresses by their names: all that show a picture in a page. Downloads stay on the site, which no browser renders."""
ROUND_SECONDS = 300
"""A key is the same for so long, so that a browser keeps the way it was shown, and works for as long again."""


class MediaHost:
    """Middleware below the one that tells who asks. Without a host of their own there is nothing to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.MEDIA_ORIGIN:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.host = urlsplit(settings.MEDIA_ORIGIN).netloc

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_picture = request.method in ("GET", "HEAD") and name_of(request.path_info) in PICTURES
        if request.get_host() == self.host:
            return self.shown(request) if is_picture else nothing()
        return lead(request) if is_picture else self.get_response(request)

    def shown(self, request: HttpRequest) -> HttpResponse:
        # Whatever a page of a common parent domain has set is not read.
        request.COOKIES = {}
        request.session = type(request.session)()
        request.user = person_of(request)
        response = self.get_response(request)
        # An empty one was looked at: no answer here depends on cookies.
        request.session.accessed = False
        # Nobody signs in here, and a page of the site's would be shown without its styles.
        if response.status_code in (301, 302, 303, 403, 404):
            response = nothing()
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response


def nothing() -> HttpResponse:
    response = HttpResponse("There is no such picture.", status=404, content_type="text/plain; charset=utf-8")
    patch_cache_control(response, private=True, no_store=True)
    return response


def lead(request: HttpRequest) -> HttpResponse:
    """To the same address on the pictures' host, with the key of whoever is signed in."""
    query = f"?{urlencode({'key': key_of(request.user, request.path_info)})}" if request.user.is_authenticated else ""
    response = HttpResponseRedirect(f"{settings.MEDIA_ORIGIN}{request.path}{query}")
    patch_cache_control(response, private=True, max_age=ROUND_SECONDS)
    patch_vary_headers(response, ("Cookie",))
    return response


def key_of(user: User, path: str, now: float | None = None) -> str:
    """Names the person at this address alone, for 5 to 10 minutes, and not beyond a change of their password."""
    until = (int(now or time.time()) // ROUND_SECONDS + 2) * ROUND_SECONDS
    return _signer(path).sign(f"{user.code}.{until}.{password_mark(user)}")


def password_mark(user: User) -> str:
    return user.get_session_auth_hash()[:16]


def person_of(request: HttpRequest) -> User | AnonymousUser:
    """Whom the key of this address names; nobody where it is none, is over, or was for somewhere else."""
    try:
        code, until, mark = _signer(request.path_info).unsign(request.GET.get("key", "")).split(".")
    except (BadSignature, ValueError):
        return AnonymousUser()
    user = User.objects.filter(code=code, is_active=True).first()
    if user is None or int(until) < time.time() or not constant_time_compare(mark, password_mark(user)):
        return AnonymousUser()
    return user


def _signer(path: str) -> Signer:
    return Signer(salt=f"media:{path}")
