"""A palette: up to five colours that a picture is drawn towards, and how strongly. Pure.

How the colours get into the picture is the engine's (`engine.palette`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from generation.recipes.checks import InvalidRecipe
from generation.recipes.fields import Number

MAX_COLOURS = 5
STRENGTH = Number(
    name="palette_strength",
    title="Palette strength",
    explanation="How strongly the colours are drawn towards the palette. 0.5 is plain to see; 1 leaves few others.",
    limits=(0, 1),
    default=0.5,
    infotext="Palette strength",
    control="slider",
    slider=(0, 1, 0.05),
)
KEY = "Palette"
_COLOUR = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_BETWEEN = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Palette:
    """`colours` are `#rrggbb` in small letters, one to five; `strength` is 0..1."""

    colours: tuple[str, ...]
    strength: float = STRENGTH.default

    def __post_init__(self) -> None:
        if not 1 <= len(self.colours) <= MAX_COLOURS:
            raise InvalidRecipe("palette", f"A palette has one to {MAX_COLOURS} colours.", "bad-palette")
        for colour in self.colours:
            if colour != colour_of(colour):
                raise InvalidRecipe("palette", f"“{colour[:20]}” is no colour; write it as #rrggbb.", "bad-palette")
        STRENGTH.check(self.strength)

    @property
    def rgb(self) -> list[tuple[int, int, int]]:
        """Each colour's red, green and blue, 0..255."""
        return [(int(each[1:3], 16), int(each[3:5], 16), int(each[5:7], 16)) for each in self.colours]

    @classmethod
    def read(cls, text: str, strength: float = STRENGTH.default) -> Self | None:
        """Colours as they are typed, with blanks or commas between; None for none, and for no strength."""
        return cls.of([each for each in _BETWEEN.split(text[:400]) if each], strength)

    @classmethod
    def of(cls, colours: Iterable[str], strength: float = STRENGTH.default) -> Self | None:
        STRENGTH.check(strength)
        named = tuple(dict.fromkeys(colour_of(each) for each in colours))
        return cls(named, strength) if named and strength else None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(tuple(data["colours"]), data.get("strength", STRENGTH.default))

    def to_infotext(self) -> dict[str, str]:
        return {KEY: " ".join(self.colours), STRENGTH.infotext: STRENGTH.to_infotext(self.strength)}

    @classmethod
    def from_infotext(cls, fields: Mapping[str, str]) -> Self | None:
        """None where the picture tells of none. Raises InvalidRecipe for values that cannot be."""
        if not (colours := fields.get(KEY, "")):
            return None
        return cls.read(colours, STRENGTH.from_infotext(fields.get(STRENGTH.infotext, f"{STRENGTH.default}")))


INFOTEXT_KEYS = (KEY, STRENGTH.infotext)


def colour_of(text: str) -> str:
    """`#rrggbb` in small letters, of that or of `#rgb`, with or without the sign. Raises InvalidRecipe."""
    found = _COLOUR.fullmatch(text.strip())
    if found is None:
        raise InvalidRecipe("palette", f"“{text[:20]}” is no colour; write it as #rrggbb.", "bad-palette")
    digits = found[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))
