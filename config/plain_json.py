"""The API's JSON: refused where it is nested without end, or where its strings are no text; answered to everybody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser

from accounts.refusals import Refusal

MOST_LEVELS = 32
"""Of JSON within JSON. A recipe has three."""


class OneAnswer(DefaultContentNegotiation):
    """Where a view answers in one way, that is the answer: clients ask by `Accept` for the stream, the picture or the
    file that the address leads to, and are told errors as JSON."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        if len(renderers) == 1:
            return renderers[0], renderers[0].media_type
        return super().select_renderer(request, renderers, format_suffix)


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


def nul_character() -> Refusal:
    return Refusal("nul-character", "The request holds a NUL character, which no text has.")


def too_deep() -> Refusal:
    return Refusal("nested-too-deep", f"The JSON is nested deeper than {MOST_LEVELS} levels.")


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else ()


def _check_texts(values: Iterable[Any]) -> None:
    texts = [value for value in values if isinstance(value, str)]
    if has_nul(*texts):
        raise nul_character()
    if any("\ud800" <= sign <= "\udfff" for text in texts if not text.isascii() for sign in text):
        raise Refusal("lone-surrogate", "The request holds half of a character, which no text has.")


def has_nul(*texts: str) -> bool:
    return any("\0" in text for text in texts)
