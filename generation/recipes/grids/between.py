"""The way between two seeds, two prompts or two pictures, as pictures at equal distances. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from generation.recipes.blending import Blend, check_prompt
from generation.recipes.checks import MAX_SEED, InvalidRecipe, check_range
from generation.recipes.inversion import Inversion, Inverted
from generation.recipes.picture import Recipe
from generation.recipes.starting import PictureRef
from generation.recipes.variation import Variation

KINDS = {"seeds": "Two seeds", "prompts": "Two prompts", "pictures": "Two pictures"}
FRAMES = (3, 64)
RATES = (1, 24)
"""Pictures a second of the film."""
COLUMNS = 8
"""Pictures of one row of the sheet."""


@dataclass(frozen=True, slots=True)
class Between:
    """`frames` pictures from the recipe to another end, which is a seed, a prompt, or the second of two pictures.

    `prompt` is the other end's; of pictures it says what the second one shows, and the recipe's what the first does.
    A film that is a `loop` goes back the way it came.
    """

    kind: str
    frames: int = 12
    rate: int = 8
    loop: bool = True
    seed: int = 0
    prompt: str = ""
    pictures: tuple[PictureRef, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidRecipe("between", f"A way lies between: {', '.join(KINDS)}.", "bad-between")
        check_range("frames", self.frames, FRAMES, "Pictures on the way")
        check_range("rate", self.rate, RATES, "Pictures a second")
        check_range("other_seed", self.seed, (0, MAX_SEED), "The other seed")
        if self.kind == "prompts" or self.prompt:
            check_prompt("other_prompt", self.prompt)
        if (len(self.pictures) == 2) != (self.kind == "pictures"):
            raise InvalidRecipe("pictures", "A way between pictures needs two of them.", "bad-between")

    @property
    def title(self) -> str:
        return f"Between {KINDS[self.kind].lower()}"

    @property
    def amounts(self) -> list[float]:
        return [place / (self.frames - 1) for place in range(self.frames)]

    @property
    def shown(self) -> list[int]:
        """The places of the film's pictures, in its order."""
        there = [*range(self.frames)]
        return there + there[-2:0:-1] if self.loop else there

    def apply(self, recipe: Recipe, amount: float) -> Recipe:
        """The recipe at 0..1 of the way."""
        if self.kind == "seeds":
            size = recipe.variation.resize_from if recipe.variation else None
            return recipe.replace(variation=Variation.of(self.seed, amount, size))
        blend = Blend(self.prompt, amount) if amount and self.prompt and self.prompt != recipe.prompt else None
        if self.kind == "prompts":
            return recipe.replace(blend=blend)
        first, second = self.pictures
        ends = Inverted(first, recipe.prompt), Inverted(second, self.prompt or recipe.prompt)
        return recipe.replace(inversion=Inversion(*ends, amount), blend=blend)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{**data, "pictures": tuple(PictureRef(**each) for each in data["pictures"])})

    def script_text(self) -> str:
        """For infotext, beside the first picture's own."""
        loop = "loop" if self.loop else "strip"
        return f"Script: Between, Between: {self.kind}, Between frames: {self.frames}, Between film: {loop}"
