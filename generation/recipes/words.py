"""The words of a text as they are looked for: folded, so that case and ways of writing do not count. Pure."""

from __future__ import annotations

import re
import unicodedata

WORD = re.compile(r"[^\W_]+")


def searched_words(text: str) -> list[str]:
    """Runs of letters and digits; compatibility forms and case made equal, invisible format characters left out."""
    visible = "".join(letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf")
    return WORD.findall(unicodedata.normalize("NFKC", visible.casefold()))
