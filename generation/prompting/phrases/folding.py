"""A text as its reader sees it: one letter for all that look alike, and nothing of what only hides words.

`accounts.names` folds otherwise: there two names must not look alike, so that i, l and 1 are one letter; here
“silt” is another word than the one that would make of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

LOOKS = {
    "a": "аɑαᴀ", "b": "ьвƅʙ", "c": "сϲᴄ", "d": "ԁɗᴅ", "e": "еєҽεᴇɛ", "f": "ƒ", "g": "ɡցԍɢ", "h": "һհнʜ",
    "i": "іɩιӏıɪ", "j": "јϳᴊ", "k": "кκᴋ", "l": "ⅼǀʟ", "m": "мᴍ", "n": "пոηɴ", "o": "оοσօөᴏ", "p": "рρᴘ", "q": "ԛզ",
    "r": "гɾʀ", "s": "ѕʂꜱ", "t": "тτᴛ", "u": "цսʋυᴜ", "v": "νѵᴠ", "w": "ԝѡɯωᴡ", "x": "хχ", "y": "уүγʏ", "z": "ᴢʐ",
}  # fmt: skip
"""Latin small letters and what looks like them, case folded."""
LATIN = {letter: look for look, letters in LOOKS.items() for letter in letters}
FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and signs with nothing to see, which Unicode does not count among the formatting characters."""
FRAMED = {start + place: chr(ord("a") + place) for start in (0x1F150, 0x1F170, 0x1F1E6) for place in range(26)}
"""Letters white on black and those of flags, which have no compatibility form."""
OVERRIDE, OVERRIDE_END = "\u202e", "\u202c"
LEET = str.maketrans("013457@$!", "oieastasi")
LEET_SIGNS = "@$!"
"""Signs that stand for letters, where letters are beside them."""


@cache
def fold_letter(letter: str) -> str:
    """What is left of one letter: no accent, no case, compatibility forms made plain; nothing of what is not seen."""
    if letter in FILLERS:
        return ""
    plain = unicodedata.normalize("NFKD", letter.translate(FRAMED)).casefold()
    seen = "".join(
        part for part in plain if unicodedata.category(part) not in ("Mn", "Me", "Cf") and part not in FILLERS
    )
    return unicodedata.normalize("NFKC", seen) if not seen.isspace() else " "


def fold(text: str, order: Iterable[int] | None = None) -> tuple[str, list[int]]:
    """The folded text, and for each of its letters where in `text` it came from. `order` is another than it has."""
    letters: list[str] = []
    places: list[int] = []
    for place in range(len(text)) if order is None else order:
        for part in fold_letter(text[place]):
            # Other control characters are neither space nor seen.
            if part.isprintable():
                letters.append(part)
                places.append(place)
    return "".join(letters), places


def order_shown(text: str) -> list[int] | None:
    """The places of its letters as the eye meets them, where an override turns some of them round; else None."""
    if OVERRIDE not in text:
        return None
    order: list[int] = []
    for number, part in enumerate(re.split(f"[{OVERRIDE}{OVERRIDE_END}]", text)):
        # Where the parts before this one end, and the one sign after each of them.
        start = len(order) + number
        turned = number > 0 and text[start - 1] == OVERRIDE
        places = range(start, start + len(part))
        order += reversed(places) if turned else places
    return order


def latin(word: str) -> str:
    """The word in Latin letters where every letter of it is one or looks like one; any other word as it is."""
    if word.isascii():
        return word
    looks = "".join(LATIN.get(letter, letter) for letter in word)
    return looks if looks.isascii() else word
