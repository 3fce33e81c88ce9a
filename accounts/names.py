"""Names that people go by: which are taken, so that nobody can be mistaken for another. Names of LoRAs are elsewhere.

`skeleton` follows Unicode's UTS 39 in its idea, with the letters of the few alphabets that look like Latin ones.
"""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError

LOOKS = {
    "a": "аɑα", "b": "ьвƅ", "c": "сϲⅽ", "d": "ԁɗ", "e": "еєҽε", "g": "ɡցԍ", "h": "һհн", "j": "јϳ", "k": "кκ",
    "l": "iıіɩιӏ1ǀỉ", "m": "м", "n": "пոη", "o": "оοσօ0ө", "p": "рρ", "q": "ԛզ", "r": "гɾ", "s": "ѕʂ", "t": "тτ",
    "u": "цսʋυ", "v": "νѵ", "w": "ԝѡɯω", "x": "хχ", "y": "уүγʏ",
}  # fmt: skip
"""Latin small letters and what looks like them."""
LATIN = {letter: look for look, letters in LOOKS.items() for letter in letters}
TOGETHER = (
    frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}),
    frozenset({"CJK", "HANGUL"}),
    frozenset({"CJK", "BOPOMOFO"}),
)
"""Scripts that one word is written in all the same."""


def skeleton(name: str) -> str:
    """What the eye makes of a name: two people's must differ. Case does not count, and `i`, `l` and `1` are one."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(LATIN.get(letter, letter) for letter in folded).replace("m", "rn")


def scripts_of(name: str) -> set[str]:
    """The first words of its letters' Unicode names: LATIN, CYRILLIC and so on."""
    return {unicodedata.name(letter, "UNKNOWN").split()[0] for letter in name if letter.isalpha()}


def check_name(name: str) -> None:
    """A name that cannot be taken for another, by its letters alone. Raises ValidationError with a sentence."""
    plain = unicodedata.normalize("NFKC", name)
    if plain != name:
        raise ValidationError(f"Write the name in plain letters: “{plain[:60]}”.", code="not-plain")
    if "@" in name:
        raise ValidationError("A name has no @: that is for addresses.", code="not-a-name")
    if name.startswith(".") or name.endswith(".") or ".." in name:
        raise ValidationError("A name has no dot at its beginning or end, and no two together.", code="dots")
    if not any(letter.isalnum() for letter in name):
        raise ValidationError("A name has at least one letter or digit.", code="not-a-name")
    if any(letter.isdigit() and not letter.isascii() for letter in name):
        raise ValidationError("Write digits as 0 to 9.", code="not-plain")
    scripts = scripts_of(name)
    if len(scripts) > 1 and not any(scripts <= together for together in TOGETHER):
        mixed = " and ".join(sorted(script.title() for script in scripts))
        raise ValidationError(
            f"Write the name in one alphabet; this one mixes {mixed} letters.", code="mixed-alphabets"
        )
