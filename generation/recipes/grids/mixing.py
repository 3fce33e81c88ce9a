"""Weights between two, three or four LoRAs: on a line, in a triangle or in a square. Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from generation.recipes.checks import InvalidRecipe
from generation.recipes.grids.tags import reweighted
from generation.recipes.picture import Recipe

SHAPES = {2: "line", 3: "triangle", 4: "square"}
POINTS = {"line": (3, 12), "triangle": (3, 7), "square": (2, 6)}
"""How many points an edge may have."""

Weights = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Mix:
    """LoRAs at the corners; along every edge `points` mixtures. In each cell the weights add up to `strength`."""

    loras: tuple[str, ...]
    points: int = 5
    strength: float = 1.0

    def __post_init__(self) -> None:
        if len(self.loras) not in SHAPES or len(set(self.loras)) != len(self.loras):
            raise InvalidRecipe("loras", "Choose two, three or four different LoRAs.", "bad-mix")
        low, high = POINTS[self.shape]
        if not low <= self.points <= high:
            raise InvalidRecipe("points", f"A {self.shape} takes {low} to {high} steps along an edge.", "bad-mix")
        if not 0 < self.strength <= 2:
            raise InvalidRecipe("strength", "The strength must lie above 0, up to 2.", "bad-mix")

    @property
    def shape(self) -> str:
        return SHAPES[len(self.loras)]

    def rows(self) -> list[list[Weights]]:
        """The weights of every cell, row by row: a triangle has one cell in its first row, one more in each next."""
        last = self.points - 1
        if self.shape == "line":
            return [[(1 - x / last, x / last) for x in range(self.points)]]
        if self.shape == "triangle":
            # The first LoRA is the top; the second and third are the left and right ends of the last row.
            return [[(1 - y / last, (y - x) / last, x / last) for x in range(y + 1)] for y in range(self.points)]
        return [[bilinear(x / last, y / last) for x in range(self.points)] for y in range(self.points)]

    def apply(self, recipe: Recipe, weights: Weights) -> Recipe:
        scaled = {name: weight * self.strength for name, weight in zip(self.loras, weights, strict=True)}
        return recipe.replace(prompt=reweighted(recipe.prompt, scaled))

    def label(self, weights: Weights) -> str:
        """The shares in percent, in the order of the LoRAs; a corner says its name."""
        for name, weight in zip(self.loras, weights, strict=True):
            if weight > 0.9999:
                return name
        return " · ".join(f"{round(100 * weight)}" for weight in weights) + " %"


def bilinear(x: float, y: float) -> Weights:
    """The corners are top left, top right, bottom left, bottom right."""
    return (1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y
