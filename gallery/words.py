"""How the gallery compares words: one folded form for searching, for tags and for the block list. Pure."""

from __future__ import annotations

import re
import unicodedata

WORD = re.compile(r"[^\W_]+")
PROMPT_TAG = re.compile(r"<[^<>]*>")


def fold(text: str) -> str:
    """Compatibility forms and case made equal; invisible format characters, which only hide words, are gone."""
    visible = "".join(letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", visible.casefold())


def folded_words(text: str) -> list[str]:
    """The words of a text, folded: runs of letters and digits."""
    return WORD.findall(fold(text))


def spaced(words: list[str]) -> str:
    """Words with a space on both sides, so that " red " in " a red apple " is a question about whole words."""
    return f" {' '.join(words)} "


def plain_prompt(prompt: str) -> str:
    """A prompt without its `<lora:...>` tags, on one line."""
    return " ".join(PROMPT_TAG.sub(" ", prompt).split())
