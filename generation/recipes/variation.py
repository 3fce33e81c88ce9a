"""A variation of a seed: its noise turned some way towards another seed's, and noise of one size within another. Pure.

The meaning is A1111's, so that its pictures come out the same; the formula is the engine's (`engine.noise`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from generation.recipes.checks import MAX_SEED, InvalidRecipe, check_range
from generation.recipes.fields import SIDE_RANGE, SIDE_STEP, Side, WholeNumber
from generation.recipes.fields import Number as NumberField

SEED = WholeNumber(
    name="variation_seed",
    title="Variation seed",
    explanation="The seed that the picture is turned towards. Empty: a new one each time.",
    limits=(0, MAX_SEED),
    default=0,
    infotext="Variation seed",
    control="number",
)
STRENGTH = NumberField(
    name="variation_strength",
    title="Variation",
    explanation="How far the seed's noise is turned towards the variation seed's: 0.1 changes details, 1 everything.",
    limits=(0, 1),
    default=0.0,
    infotext="Variation seed strength",
    control="slider",
    slider=(0, 1, 0.05),
)
RESIZE_FROM = Side(
    name="seed_resize_from",
    title="Seed resize from",
    explanation="A seed that was found at another size keeps its composition: say that size.",
    default=0,
    limits=SIDE_RANGE,
    infotext="Seed resize from",
)


@dataclass(frozen=True, slots=True)
class Variation:
    """The noise of the recipe's seed, turned by `strength` (0..1) towards that of `seed`.

    `resize_from` (width, height in pixels) is the size whose noise stands in the middle, where the recipe has another.
    """

    seed: int = 0
    strength: float = 0.0
    resize_from: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        SEED.check(self.seed)
        STRENGTH.check(self.strength)
        for side in self.resize_from or ():
            check_range(RESIZE_FROM.name, side, RESIZE_FROM.limits, RESIZE_FROM.title)
            if side % SIDE_STEP:
                sentence = f"{RESIZE_FROM.title} must be multiples of {SIDE_STEP}."
                raise InvalidRecipe(RESIZE_FROM.name, sentence)

    @classmethod
    def of(cls, seed: int, strength: float, resize_from: tuple[int, int] | None = None) -> Self | None:
        """None where nothing is varied, so that such a recipe equals one that never heard of variations.

        Raises InvalidRecipe, also for a seed that would not count.
        """
        SEED.check(seed)
        return cls(seed if strength else 0, strength, resize_from) if strength or resize_from else None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        sides = data.get("resize_from")
        return cls(data.get("seed", 0), data.get("strength", 0.0), (sides[0], sides[1]) if sides else None)

    def to_infotext(self) -> dict[str, str]:
        """Under A1111's keys."""
        pairs = {}
        if self.strength:
            pairs = {SEED.infotext: SEED.to_infotext(self.seed), STRENGTH.infotext: STRENGTH.to_infotext(self.strength)}
        if self.resize_from:
            pairs[RESIZE_FROM.infotext] = "{}x{}".format(*self.resize_from)
        return pairs

    @classmethod
    def from_infotext(cls, fields: Mapping[str, str]) -> Self | None:
        """None where the picture tells of none. Raises InvalidRecipe for values that cannot be."""
        strength = STRENGTH.from_infotext(fields.get(STRENGTH.infotext, "0"))
        seed = SEED.from_infotext(fields.get(SEED.infotext, "0")) if strength else 0
        sides = [fields.get(f"{RESIZE_FROM.infotext}-{at}", "") for at in (1, 2)]
        if not all(sides) or "0" in sides:  # A1111 writes 0 where there is none
            return cls.of(seed, strength)
        return cls.of(seed, strength, (RESIZE_FROM.from_infotext(sides[0]), RESIZE_FROM.from_infotext(sides[1])))


INFOTEXT_KEYS = (
    SEED.infotext, STRENGTH.infotext, f"{RESIZE_FROM.infotext}-1", f"{RESIZE_FROM.infotext}-2",
)  # fmt: skip
