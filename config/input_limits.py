"""What no honest client sends, refused before anything reads it: NUL characters, and JSON that is nested without end.

PostgreSQL stores no NUL, so a value that holds one would be our error there, and found by nobody on SQLite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

from django.http import HttpRequest, HttpResponse
from rest_framework.parsers import JSONParser

from accounts.refusals import Refusal
from config.problems import answer_to

MOST_LEVELS = 32
"""Of JSON within JSON. A recipe has three."""


class NoNul:
    """Middleware above the session's, whose key is a cookie: address, headers and cookies first, then the form.

    Cookies are looked at as Django reads them, since a quoted one may spell the character out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        headers = (value for value in request.META.values() if isinstance(value, str))
        if _has_nul(request.path_info, *_words_of(request.GET), *headers, *request.COOKIES.values()):
            return answer_to(request, refusal())
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Only where the CSRF check has read the form already: others read their bodies by themselves."""
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return None
        return answer_to(request, refusal()) if _has_nul(*_words_of(request.POST)) else None


class PlainJson(JSONParser):
    """The API's JSON. Raises Refusal for what is nested too deep, and for strings that are no text."""

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            document = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise too_deep() from None
        level = [document]
        for _ in range(MOST_LEVELS):
            _check_texts(level)
            level = [inner for value in level for inner in _inside(value)]
            if not level:
                return document
        raise too_deep()


def refusal() -> Refusal:
    return Refusal("nul-character", "The request holds a NUL character, which no text has.")


def too_deep() -> Refusal:
    return Refusal("nested-too-deep", f"The JSON is nested deeper than {MOST_LEVELS} levels.")


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else ()


def _check_texts(values: Iterable[Any]) -> None:
    texts = [value for value in values if isinstance(value, str)]
    if _has_nul(*texts):
        raise refusal()
    if any("\ud800" <= sign <= "\udfff" for text in texts if not text.isascii() for sign in text):
        raise Refusal("lone-surrogate", "The request holds half of a character, which no text has.")


def _words_of(query: Mapping[str, Any]) -> Iterable[str]:
    return [*query, *(value for _, values in query.lists() for value in values)]  # type: ignore[attr-defined]


def _has_nul(*texts: str) -> bool:
    return any("\0" in text for text in texts)
