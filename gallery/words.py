"""How the gallery cleans and compares words: one folded form for searching, tags and the block list. Pure."""

from __future__ import annotations

import re
import unicodedata

WORD = re.compile(r"[^\W_]+")
PROMPT_TAG = re.compile(r"<[^<>]*>")
UNSEEN = ("Cc", "Cf", "Cs")
"""Categories of control characters, and of those that hide letters or turn their order around."""
JOINERS = "\u200c\u200d"
"""Invisible, but letters of some scripts and many emoji are written with them."""


def fold(text: str) -> str:
    """Compatibility forms and case made equal; invisible format characters, which only hide words, are gone."""
    visible = "".join(letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", visible.casefold())


def one_line(text: str) -> str:
    """What people write to moderators or about somebody: on one line, and it reads as it is stored."""
    return " ".join("".join(one for one in text if one.isspace() or is_seen(one)).split())


def is_seen(one: str) -> bool:
    return one in JOINERS or unicodedata.category(one) not in UNSEEN


def folded_words(text: str) -> list[str]:
    """The words of a text, folded: runs of letters and digits."""
    return WORD.findall(fold(text))


def spaced(words: list[str]) -> str:
    """Words with a space on both sides, so that " red " in " a red apple " is a question about whole words."""
    return f" {' '.join(words)} "


def plain_prompt(prompt: str) -> str:
    """A prompt without its `<lora:...>` tags, on one line."""
    return " ".join(PROMPT_TAG.sub(" ", prompt).split())
