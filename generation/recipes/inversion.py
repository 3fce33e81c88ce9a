"""Drawing from the noise behind a picture, so that other words change it and keep the rest. Pure.

The picture is inverted by DDIM under a prompt that describes it, then drawn by the recipe's own prompt. With a second
picture, the noise lies between those of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from generation.recipes.blending import check_prompt
from generation.recipes.checks import InvalidRecipe, check_range
from generation.recipes.starting import PictureRef

PASSES = 1
"""UNet calls of one inverted step. The guess that is corrected is the step before, which one correction makes exact
enough: 47 decibels on the bundled checkpoint, where two give 55."""
HASH, SIZE, PROMPT = "Inverted image hash", "Inverted image size", "Inversion prompt"
SECOND, AMOUNT = " 2", "Inversion amount"


@dataclass(frozen=True, slots=True)
class Inverted:
    """One picture, and the prompt under which it is inverted: what it shows; empty means no words."""

    picture: PictureRef
    prompt: str = ""

    def __post_init__(self) -> None:
        if self.prompt.strip():
            check_prompt("inversion", self.prompt)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(PictureRef(**data["picture"]), data.get("prompt", ""))


@dataclass(frozen=True, slots=True)
class Inversion:
    """Drawing begins at the noise behind `source`, turned by `amount` (0..1) to that behind `toward`, if there is one.

    The way to the noise takes as many steps as the recipe has, and PASSES calls for each.
    """

    source: Inverted
    toward: Inverted | None = None
    amount: float = 0.0

    def __post_init__(self) -> None:
        check_range("inversion", self.amount, (0, 1), "The way between two pictures")

    @property
    def ends(self) -> tuple[Inverted, ...]:
        return (self.source, self.toward) if self.toward else (self.source,)

    @property
    def pictures(self) -> tuple[PictureRef, ...]:
        return tuple(end.picture for end in self.ends)

    def calls_of(self, steps: int) -> int:
        """UNet calls before the first of the drawing."""
        return PASSES * steps

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        toward = data.get("toward")
        source = Inverted.from_json(data["source"])
        return cls(source, Inverted.from_json(toward) if toward else None, data.get("amount", 0.0))

    def to_infotext(self) -> dict[str, str]:
        """The pixels cannot travel in a text: pictures are named by their hash."""
        pairs = {}
        for end, mark in zip(self.ends, ("", SECOND), strict=False):
            pairs[HASH + mark] = end.picture.sha256
            pairs[SIZE + mark] = f"{end.picture.width}x{end.picture.height}"
            pairs[PROMPT + mark] = end.prompt
        return pairs | ({AMOUNT: repr(float(self.amount)).removesuffix(".0")} if self.toward else {})

    @classmethod
    def from_infotext(cls, fields: Mapping[str, str]) -> Self | None:
        """What `to_infotext` wrote, sizes split in two as `read_infotext` gives them; None where nothing is inverted.

        Raises InvalidRecipe for values that cannot be.
        """
        if not fields.get(HASH):
            return None
        try:
            toward = _end(fields, SECOND) if fields.get(HASH + SECOND) else None
            return cls(_end(fields, ""), toward, float(fields.get(AMOUNT, "0")))
        except ValueError:
            raise InvalidRecipe("inversion", "What it was drawn from is told in numbers that cannot be read.") from None


def _end(fields: Mapping[str, str], mark: str) -> Inverted:
    width, height = (int(fields.get(f"{SIZE}{mark}-{at}", "0")) for at in (1, 2))
    return Inverted(PictureRef(fields[HASH + mark], width, height), fields.get(PROMPT + mark, ""))


INFOTEXT_KEYS = (
    AMOUNT,
    *(key for mark in ("", SECOND) for key in (HASH + mark, f"{SIZE}{mark}-1", f"{SIZE}{mark}-2", PROMPT + mark)),
)  # fmt: skip
