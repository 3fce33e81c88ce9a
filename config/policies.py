"""What pages may load: a strict Content-Security-Policy, and what differs by path for a few third-party pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers

from config import dialects

API = ("/api/v1/", *dialects.PREFIXES)
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()"

# Path prefix -> directives that replace the site's own there. The admin is drawn with Alpine, which evaluates
# attributes, and both it and the API's pages style elements inline. No user of the site is sent to either.
RELAXED: dict[str, dict[str, list[str]]] = {
    "/admin/": {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]},
    "/api/docs/": {"style-src": [SELF, UNSAFE_INLINE]},
    # Its form leads on to the program that is let in, wherever that is.
    "/identity/o/": {"form-action": [SELF, "https:", "http:"]},
}


def content_policy(picture_hosts: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """The site's own: nothing inline, nothing evaluated, and nothing foreign but what is shown from these hosts."""
    return {
        "DIRECTIVES": {
            "default-src": [NONE],
            "script-src": [SELF],
            "style-src": [SELF],
            "img-src": [SELF, "blob:", "data:", *picture_hosts],
            "media-src": [SELF, *picture_hosts],
            "font-src": [SELF],
            "connect-src": [SELF, *picture_hosts],
            "manifest-src": [SELF],
            "form-action": [SELF],
            "frame-ancestors": [NONE],
            "base-uri": [NONE],
        }
    }


def scoped_policies(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware below `CSPMiddleware`: tells it which directives to replace, forbids device permissions, and
    keeps the API's answers, and that something is not there, out of caches.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for prefix, directives in RELAXED.items():
            if request.path_info.startswith(prefix):
                response._csp_replace = directives  # type: ignore[attr-defined]
        if request.path_info.startswith(API):
            # What it says is one person's, by token or by session; downloads have said their own already.
            if not response.has_header("Cache-Control"):
                patch_cache_control(response, private=True, no_store=True)
            patch_vary_headers(response, ("Authorization", "Cookie"))
        elif response.status_code in (403, 404) and not response.has_header("Cache-Control"):
            # Caches may keep a 404 that says nothing about it; what is private now may be public in a moment.
            patch_cache_control(response, private=True, no_store=True)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response

    return middleware
