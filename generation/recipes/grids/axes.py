"""The axes of a grid: kinds of axes, how their values are written, what a value does to a recipe. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass

from generation.recipes.checks import InvalidRecipe
from generation.recipes.fields import FIELDS, Number, RecipeField, WholeNumber
from generation.recipes.grids.tags import renamed, reweighted
from generation.recipes.picture import Recipe

MOST_VALUES = 36
_RANGE = re.compile(
    r"(?P<start>-?\d+(?:\.\d+)?)\s*-\s*(?P<end>-?\d+(?:\.\d+)?)"
    r"(?:\s*\(\s*(?P<step>[+-]?\d+(?:\.\d+)?)\s*\)|\s*\[\s*(?P<count>\d{1,2})\s*\])?"
)
_SIZE = re.compile(r"(\d{2,4})\s*[x×]\s*(\d{2,4})")


@dataclass(frozen=True, slots=True)
class AxisKind:
    """One kind of axis: `read` makes values of a text, `apply` writes one into a recipe. `target` is what an axis of
    words replaces, or the LoRA that it is about.
    """

    title: str
    hint: str
    read: Callable[[str], list[str]]
    apply: Callable[[Recipe, str, str], Recipe]
    target: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """One edge of a grid. `values` are texts; which field they belong to decides what they mean."""

    field: str
    values: tuple[str, ...]
    target: str = ""

    @classmethod
    def read(cls, field: str, text: str, target: str = "") -> Axis:
        """What a person typed. Raises InvalidRecipe naming the axis."""
        if field not in AXES:
            raise InvalidRecipe("axis", f"A grid has no axis “{field}”.", "bad-axis")
        kind = AXES[field]
        if kind.target and not target.strip():
            raise InvalidRecipe("axis", f"{kind.title}: say {kind.target}.", "bad-axis")
        values = tuple(dict.fromkeys(kind.read(text)))
        if not 1 <= len(values) <= MOST_VALUES:
            raise InvalidRecipe("axis", f"{kind.title}: write 1 to {MOST_VALUES} values.", "bad-axis")
        return cls(field, values, target.strip())

    @property
    def title(self) -> str:
        return AXES[self.field].title

    def apply(self, recipe: Recipe, value: str) -> Recipe:
        return AXES[self.field].apply(recipe, value, self.target)

    def label(self, value: str) -> str:
        """What stands beside the row or above the column: words speak for themselves, numbers need their name."""
        return value if AXES[self.field].read is texts else f"{self.title} {value}"


def texts(text: str) -> list[str]:
    """Values with commas between them; one that holds a comma stands in quotes."""
    rows = csv.reader([text.replace("\n", ",").replace("\r", "")], skipinitialspace=True)
    return [value.strip() for row in rows for value in row if value.strip()]


def numbers(text: str) -> list[str]:
    """Numbers and ranges: `5, 7`, `1-5`, `5-9 (+2)` by steps, `0-1 [5]` as five of equal distance."""
    return [f"{value:g}" for part in texts(text) for value in _numbers(part)]


def whole_numbers(text: str) -> list[str]:
    found = [value for part in texts(text) for value in _numbers(part)]
    if any(value != round(value) for value in found):
        raise InvalidRecipe("axis", "This axis takes whole numbers.", "bad-axis")
    return [str(round(value)) for value in found]


def _numbers(part: str) -> list[float]:
    if span := _RANGE.fullmatch(part):
        start, end = float(span["start"]), float(span["end"])
        if span["count"]:
            return spread(start, end, int(span["count"]))
        step = abs(float(span["step"] or 1)) or 1.0
        count = min(int(abs(end - start) / step + 1e-9) + 1, MOST_VALUES + 1)
        return [start + (step if end >= start else -step) * index for index in range(count)]
    try:
        return [float(part)] if len(part) < 20 else []
    except ValueError:
        raise InvalidRecipe("axis", f"“{part[:40]}” is neither a number nor a range.", "bad-axis") from None


def spread(start: float, end: float, count: int) -> list[float]:
    """`count` numbers from start to end at equal distances."""
    if count < 2:
        return [start]
    return [start + (end - start) * index / (count - 1) for index in range(count)]


def sizes(text: str) -> list[str]:
    found = [_SIZE.fullmatch(part) for part in texts(text)]
    if not all(found):
        raise InvalidRecipe("axis", "Write sizes as width x height, such as 512x768.", "bad-axis")
    return [f"{size[1]}x{size[2]}" for size in found if size]


def _sized(recipe: Recipe, value: str, target: str) -> Recipe:
    width, _, height = value.partition("x")
    return recipe.replace(width=int(width), height=int(height))


def _reworded(recipe: Recipe, value: str, target: str) -> Recipe:
    """Words of either prompt are replaced, as A1111's Prompt S/R does."""
    if target not in recipe.prompt and target not in recipe.negative_prompt:
        raise InvalidRecipe("axis", f"“{target[:60]}” does not stand in the prompt.", "bad-axis")
    return recipe.replace(
        prompt=recipe.prompt.replace(target, value), negative_prompt=recipe.negative_prompt.replace(target, value)
    )


def _weighed(recipe: Recipe, value: str, target: str) -> Recipe:
    return recipe.replace(prompt=reweighted(recipe.prompt, {target: float(value)}))


def _other_lora(recipe: Recipe, value: str, target: str) -> Recipe:
    return recipe.replace(prompt=renamed(recipe.prompt, target, value))


def of_field(field: RecipeField) -> AxisKind:
    """The axis along one field of the recipe."""

    def apply(recipe: Recipe, value: str, target: str) -> Recipe:
        return recipe.replace(**{field.name: field.read(value)})

    if not isinstance(field, Number):
        return AxisKind(field.label, field.axis, texts, apply)
    return AxisKind(field.label, NUMBERS, whole_numbers if isinstance(field, WholeNumber) else numbers, apply)


NUMBERS = "Numbers, or ranges: 1-5, 5-9 (+2), 0-1 [5]"
AXES: dict[str, AxisKind] = {
    "prompt": AxisKind("Words", "What stands in their place, with commas between", texts, _reworded, "which words"),
    "lora_weight": AxisKind("LoRA weight", NUMBERS, numbers, _weighed, "which LoRA"),
    "lora": AxisKind("LoRA", "Names, with commas between", texts, _other_lora, "which LoRA of the prompt"),
    "size": AxisKind("Size", "512x512, 512x768", sizes, _sized),
    **{name: of_field(field) for name, field in FIELDS.items() if name not in ("prompt", "width", "height")},
}
