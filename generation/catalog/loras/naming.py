"""Words for LoRAs: the name that prompts use, and the lines that people read, out of whatever was typed or uploaded."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain, count

from django.urls.converters import StringConverter

from accounts.refusals import Conflict, Refusal
from generation.models import Lora
from generation.recipes.training import MAX_TRIGGER_CHARS

NAME_CHARS = 90
TITLE_CHARS = 120
WORD_CHARS = MAX_TRIGGER_CHARS
MOST_WORDS = 8
DESCRIPTION_CHARS = 2000
RESERVED = frozenset({"upload", "merge", "merges"})
"""Addresses of pages that stand beside those of LoRAs."""


class NameInAddress(StringConverter):
    """What may stand for a weight file's name in an address: letters of any script, but nothing that cannot be seen."""

    regex = r"[^/\x00-\x20\x7f]+"


NAME = r"[^\W_][\w-]*"
_NAME = re.compile(NAME)


def clean_line(text: str, most: int = TITLE_CHARS) -> str:
    """One visible line: no control characters, no marks that turn the direction of writing, no invisible ones."""
    seen = (letter if unicodedata.category(letter)[0] != "C" else " " for letter in unicodedata.normalize("NFC", text))
    return " ".join("".join(seen).split())[:most].strip()


def word_of(text: str, otherwise: str = "lora") -> str:
    """A text as one word for prompts: letters and digits of any script, hyphens, underscores; `otherwise` if none is.

    Two underscores in a row would be a wildcard's.
    """
    seen = (
        letter if letter in "-_" or unicodedata.category(letter)[0] in "LNM" else "-"
        for letter in clean_line(text, 1000)
    )
    plain = re.sub(r"-[-_]*|_[-_]+", lambda signs: signs[0][0], "".join(seen))
    return plain.strip("-_")[:80].strip("-_") or otherwise


def free_name(text: str, otherwise: str = "lora") -> str:
    """A word that no LoRA and no series has yet, near to the text."""
    return first_free(word_of(text, otherwise).lower())


def first_free(*words: str) -> str:
    """The first word by which no LoRA, series or page goes, or else the first of them with a number."""
    return next(name for name in chain(words, numbered(words[0])) if not is_taken(name))


def numbered(word: str) -> Iterator[str]:
    """`word`, `word-2`, `word-3` and so on."""
    return (word if number == 1 else f"{word}-{number}" for number in count(1))


def check_name(name: str) -> str:
    """A name that somebody chose. Raises Refusal, or Conflict where it is taken."""
    if not _NAME.fullmatch(name) or len(name) > NAME_CHARS:
        raise Refusal("bad-name", "A name is one word of letters, digits, hyphens and underscores.", field="name")
    if is_taken(name):
        raise Conflict("name-taken", f"The name “{name}” is taken. Choose another.", field="name")
    return name


def is_taken(name: str) -> bool:
    rows = Lora.objects.filter(name__iexact=name) | Lora.objects.filter(series__iexact=name)
    return name.lower() in RESERVED or rows.exists()


def clean_title(text: str) -> str:
    title = clean_line(text)
    if not title:
        raise Refusal("title-missing", "Give it a title.", field="title")
    return title


def clean_words(words: Iterable[str]) -> list[str]:
    """Trigger words, each once, in order. At most 8 of at most 80 characters."""
    cleaned = list(dict.fromkeys(filter(None, (clean_line(word, 200) for word in words))))
    if len(cleaned) > MOST_WORDS or any(len(word) > WORD_CHARS for word in cleaned):
        raise Refusal(
            "bad-words", f"At most {MOST_WORDS} trigger words of {WORD_CHARS} characters.", field="trigger_words"
        )
    return cleaned


def clean_description(text: str) -> str:
    """Lines stay; what cannot be seen goes."""
    lines = (clean_line(line, DESCRIPTION_CHARS) for line in text.replace("\r", "").split("\n"))
    return "\n".join(lines).strip()[:DESCRIPTION_CHARS]
