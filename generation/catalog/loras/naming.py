"""Words for LoRAs: the name that prompts use, and the lines that people read, out of whatever was typed or uploaded."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import count

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
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def clean_line(text: str, most: int = TITLE_CHARS) -> str:
    """One visible line: no control characters, no marks that turn the direction of writing, no invisible ones."""
    seen = (letter if unicodedata.category(letter)[0] != "C" else " " for letter in unicodedata.normalize("NFC", text))
    return " ".join("".join(seen).split())[:most].strip()


def word_of(text: str) -> str:
    """A text as a word for prompts: ASCII letters, digits, hyphens. Never empty."""
    plain = unicodedata.normalize("NFKD", clean_line(text, 1000)).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-_")[:80].strip("-_").lower() or "lora"


def free_name(text: str) -> str:
    """A word that no LoRA and no series has yet, near to the text."""
    return first_free(word_of(text))


def first_free(word: str) -> str:
    """The word, or with the first number by which no LoRA, series or page goes."""
    return next(name for name in numbered(word) if not is_taken(name))


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
