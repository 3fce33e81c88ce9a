"""A second prompt that the first is blended with, between their meanings and not between their words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from generation.recipes.checks import InvalidRecipe
from generation.recipes.fields import FIELDS, Number

AMOUNT = Number(
    name="blend_amount",
    title="Blend",
    explanation="How far the picture lies from the prompt towards the second prompt: 0 is the one, 1 the other.",
    limits=(0, 1),
    default=0.5,
    infotext="Blend amount",
)
KEY = "Blend prompt"


@dataclass(frozen=True, slots=True)
class Blend:
    """The text states turned by `amount` (0..1) from the recipe's prompt towards those of `prompt`."""

    prompt: str
    amount: float = AMOUNT.default

    def __post_init__(self) -> None:
        check_prompt("blend", self.prompt)
        AMOUNT.check(self.amount)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(data["prompt"], data.get("amount", AMOUNT.default))

    def to_infotext(self) -> dict[str, str]:
        return {KEY: self.prompt, AMOUNT.infotext: AMOUNT.to_infotext(self.amount)}

    @classmethod
    def from_infotext(cls, fields: Mapping[str, str]) -> Self | None:
        """None where the picture tells of none. Raises InvalidRecipe for values that cannot be."""
        if not (prompt := fields.get(KEY, "")):
            return None
        return cls(prompt, AMOUNT.from_infotext(fields.get(AMOUNT.infotext, f"{AMOUNT.default}")))


INFOTEXT_KEYS = (KEY, AMOUNT.infotext)


def check_prompt(field: str, prompt: str) -> None:
    """Raise InvalidRecipe at `field` for what the recipe's own prompt could not be either."""
    try:
        FIELDS["prompt"].check(prompt)
    except InvalidRecipe as refusal:
        raise InvalidRecipe(field, refusal.message, refusal.code) from None
