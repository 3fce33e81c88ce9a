"""Compresses what people and programs read as text; pictures and other files are left as they are.

No answer puts a secret beside what its reader sent in: the CSRF token is masked anew each time, API tokens are shown
once on a page that repeats nothing. Django adds random bytes besides (Heal the Breach, Palacios 2022).
"""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

TEXTS = ("text/html", "text/plain", "application/json", "application/problem+json", "application/yaml")


class CompressedTexts(GZipMiddleware):
    """Middleware: gzip for answers of the types in TEXTS that are whole; what streams goes through as it is."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        return super().process_response(request, response) if kind in TEXTS and not response.streaming else response
