"""A grid as a plain value: the recipe that all cells share, and what changes from cell to cell. Pure.

Either up to three axes over fields of the recipe, or a mixture of LoRAs, or the way to another seed, prompt or picture.
All else is every cell's, so that what differs is what was asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from generation.recipes.checks import InvalidRecipe
from generation.recipes.grids.axes import Axis
from generation.recipes.grids.between import COLUMNS, Between
from generation.recipes.grids.mixing import Mix
from generation.recipes.picture import Recipe

MOST_CELLS = 64


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of a grid: its place among all of them, its recipe and what is written under it."""

    place: int
    recipe: Recipe
    caption: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """Cells in rows, with what stands above the columns and beside the rows. Rows may differ in length."""

    title: str
    columns: tuple[str, ...]
    labels: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class GridPlan:
    """What a grid shows. `axes` are X (columns), Y (rows) and Z (sheets); a plan has axes, a mix or a way."""

    recipe: Recipe
    axes: tuple[Axis, ...] = ()
    mix: Mix | None = None
    between: Between | None = None

    def __post_init__(self) -> None:
        if sum((bool(self.axes), self.mix is not None, self.between is not None)) != 1:
            raise InvalidRecipe("axis", "A grid needs at least one axis, or LoRAs to mix.", "empty-grid")
        if len(self.axes) > 3:
            raise InvalidRecipe("axis", "A grid has at most three axes.", "bad-axis")
        if self.count > MOST_CELLS:
            raise InvalidRecipe(
                "axis", f"This grid has {self.count} pictures; at most {MOST_CELLS} are drawn.", "grid-too-large"
            )

    @property
    def count(self) -> int:
        if self.between:
            return self.between.frames
        if self.mix:
            return sum(len(row) for row in self.mix.rows())
        size = 1
        for axis in self.axes:
            size *= len(axis.values)
        return size

    @property
    def title(self) -> str:
        if self.between:
            return self.between.title
        if self.mix:
            return " ↔ ".join(self.mix.loras)
        return " × ".join(axis.title for axis in self.axes)

    def sheets(self) -> tuple[Sheet, ...]:
        """Every cell in its place. Raises InvalidRecipe for a value that its field does not take."""
        if self.between:
            return (self._along(self.between),)
        return tuple(self._mixed(self.mix) if self.mix else self._crossed())

    def cells(self) -> list[Cell]:
        return [cell for sheet in self.sheets() for row in sheet.rows for cell in row]

    def _along(self, between: Between) -> Sheet:
        cells = [
            Cell(place, between.apply(self.recipe, amount), f"{round(100 * amount)} %")
            for place, amount in enumerate(between.amounts)
        ]
        return Sheet("", (), (), tuple(tuple(cells[at : at + COLUMNS]) for at in range(0, len(cells), COLUMNS)))

    def _mixed(self, mix: Mix) -> Iterator[Sheet]:
        rows, place = [], 0
        for weights in mix.rows():
            cells = [Cell(place + n, mix.apply(self.recipe, one), mix.label(one)) for n, one in enumerate(weights)]
            rows.append(tuple(cells))
            place += len(cells)
        yield Sheet("", (), (), tuple(rows))

    def _crossed(self) -> Iterator[Sheet]:
        x, y, z = (*self.axes, None, None)[:3]
        assert x is not None
        place = 0
        for deep, sheet in along(z, self.recipe):
            rows = []
            for down, row in along(y, sheet):
                cells = [Cell(place + n, made, "") for n, (_, made) in enumerate(along(x, row))]
                rows.append((down, tuple(cells)))
                place += len(cells)
            columns = tuple(x.label(value) for value in x.values)
            labels = tuple(down for down, _ in rows) if y else ()
            yield Sheet(deep, columns, labels, tuple(cells for _, cells in rows))

    def to_json(self) -> dict[str, Any]:
        mix = asdict(self.mix) if self.mix else None
        between = {"between": asdict(self.between)} if self.between else {}
        return {"recipe": self.recipe.to_json(), "axes": [asdict(axis) for axis in self.axes], "mix": mix, **between}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> GridPlan:
        axes = tuple(Axis(one["field"], tuple(one["values"]), one["target"]) for one in data["axes"])
        mix = data["mix"]
        between = data.get("between")
        return cls(
            Recipe.from_json(data["recipe"]),
            axes,
            Mix(**{**mix, "loras": tuple(mix["loras"])}) if mix else None,
            Between.from_json(between) if between else None,
        )

    def script_text(self) -> str:
        """The axes as A1111's X/Y/Z plot writes them into infotext, so that the grid can be read off its picture."""
        if self.between:
            return self.between.script_text()
        if self.mix:
            mix = self.mix
            loras = ", ".join(mix.loras)
            return f'Script: LoRA mix, Mix LoRAs: "{loras}", Mix points: {mix.points}, Mix strength: {mix.strength:g}'
        pairs = ["Script: X/Y/Z plot"]
        for letter, axis in zip("XYZ", self.axes, strict=False):
            values = ", ".join((axis.target, *axis.values) if axis.field == "prompt" else axis.values)
            pairs.append(f'{letter} Type: {axis.title}, {letter} Values: "{escaped(values)}"')
        return ", ".join(pairs)


def along(axis: Axis | None, recipe: Recipe) -> Iterator[tuple[str, Recipe]]:
    """The recipe at every value of an axis, with its label; without an axis the recipe itself, once."""
    if axis is None:
        yield "", recipe
        return
    for value in axis.values:
        yield axis.label(value), axis.apply(recipe, value)


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
