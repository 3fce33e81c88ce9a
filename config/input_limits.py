"""NUL characters and odd charsets, which no honest client sends, refused before anything reads them.

PostgreSQL stores no NUL, so a value that holds one would be our error there, and found by nobody on SQLite.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts.refusals import Refusal
from config.plain_json import has_nul, nul_character
from config.problems import API, answer_to

CHARSETS = {"utf-8", "ascii", "iso8859-1"}
"""Codecs, by Python's own names."""
UNREADABLE = "Send texts as UTF-8; this charset is not read."


class NoNul:
    """Middleware above the session's, whose key is a cookie: charset, address, headers and cookies, then the form.

    Cookies are looked at as Django reads them, since a quoted one may spell the character out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Before the query is read, which Django decodes by it; Python knows codecs that are no charsets, as zlib.
        if request.encoding and codecs.lookup(request.encoding).name not in CHARSETS:
            return answer_to(request, Refusal("charset", UNREADABLE))
        headers = (value for value in request.META.values() if isinstance(value, str))
        if has_nul(request.path_info, *_words_of(request.GET), *headers, *request.COOKIES.values()):
            return answer_to(request, nul_character())
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Only of forms, which the CSRF check has read already: the API's views read their bodies by themselves."""
        if request.method != "POST" or request.path_info.startswith(API):
            return None
        return answer_to(request, nul_character()) if has_nul(*_words_of(request.POST)) else None


def _words_of(query: Mapping[str, Any]) -> Iterable[str]:
    return [*query, *(value for _, values in query.lists() for value in values)]  # type: ignore[attr-defined]
