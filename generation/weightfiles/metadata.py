"""The words that a file's maker wrote into its header: its title and what to write so that a LoRA is seen."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

MAX_TAG_COUNT = 10**9


def title_of(metadata: Mapping[str, str], stem: str) -> str:
    """A line of at most 120 characters; the file's own name, without its ending, where the maker gave none."""
    title = metadata.get("modelspec.title") or metadata.get("ss_output_name") or stem
    return (_line(title) or _line(stem))[:120] or "weights"


def trigger_words(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The author's phrase, else the tags that nearly every training picture carried (kohya's `ss_tag_frequency`)."""
    if phrase := metadata.get("modelspec.trigger_phrase", ""):
        return tuple(line[:60] for word in phrase.split(",") if (line := _line(word)))[:8]
    counts: Counter[str] = Counter()
    try:
        for tags in json.loads(metadata.get("ss_tag_frequency", "{}")).values():
            for tag, count in tags.items():
                counts[_line(tag)] += _count(count)
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        return ()
    del counts[""]
    often = 0.9 * max(counts.values(), default=0)
    usual = sorted((tag for tag, count in counts.items() if count >= often > 0), key=lambda tag: (-counts[tag], tag))
    return tuple(tag[:60] for tag in usual[:4])


def _count(value: Any) -> int:
    """How often a tag was seen. Raises ValueError, TypeError or OverflowError for what is no such number."""
    if not 0 <= (count := int(value)) <= MAX_TAG_COUNT:
        raise ValueError(value)
    return count


def _line(text: str) -> str:
    """Printable, on one line: neither NUL nor half a surrogate pair, which no database takes."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
