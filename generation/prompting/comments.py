"""`# comments` in a prompt, from the sign to the end of its line. They go before anything else is read."""

from __future__ import annotations

import re

from generation.prompting.traced import Span

_COMMENT = re.compile(r"^[^\S\n]*#[^\n]*(?:\n|\Z)|#[^\n]*", re.MULTILINE)


def strip_comments(text: str) -> str:
    """`text` without its comments; a line that holds nothing else goes whole."""
    return _COMMENT.sub("", text)


def comment_spans(text: str) -> list[Span]:
    return [found.span() for found in _COMMENT.finditer(text)]
