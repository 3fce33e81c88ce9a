"""The axes of a grid: a table of recipe fields, how values are written, what a value does to a recipe. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass

from generation.recipes.grids.tags import renamed, reweighted
from generation.recipes.picture import EMPHASIS_MODES, InvalidRecipe, Recipe
from generation.recipes.sampling import SAMPLERS, SCHEDULES

MOST_VALUES = 36
_RANGE = re.compile(
    r"(?P<start>-?\d+(?:\.\d+)?)\s*-\s*(?P<end>-?\d+(?:\.\d+)?)"
    r"(?:\s*\(\s*(?P<step>[+-]?\d+(?:\.\d+)?)\s*\)|\s*\[\s*(?P<count>\d{1,2})\s*\])?"
)
_SIZE = re.compile(r"(\d{2,4})\s*[x×]\s*(\d{2,4})")


@dataclass(frozen=True, slots=True)
class Field:
    """One kind of axis: `read` makes values of texts, `apply` writes one into a recipe. `target` is what an axis of
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
        if field not in FIELDS:
            raise InvalidRecipe("axis", f"A grid has no axis “{field}”.", "bad-axis")
        kind = FIELDS[field]
        if kind.target and not target.strip():
            raise InvalidRecipe("axis", f"{kind.title}: say {kind.target}.", "bad-axis")
        values = tuple(dict.fromkeys(kind.read(text)))
        if not 1 <= len(values) <= MOST_VALUES:
            raise InvalidRecipe("axis", f"{kind.title}: write 1 to {MOST_VALUES} values.", "bad-axis")
        return cls(field, values, target.strip())

    @property
    def title(self) -> str:
        return FIELDS[self.field].title

    def apply(self, recipe: Recipe, value: str) -> Recipe:
        return FIELDS[self.field].apply(recipe, value, self.target)

    def label(self, value: str) -> str:
        """What stands beside the row or above the column: words speak for themselves, numbers need their name."""
        return value if FIELDS[self.field].read is texts else f"{self.title} {value}"


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


def _number(field: str) -> Callable[[Recipe, str, str], Recipe]:
    return lambda recipe, value, target: recipe.replace(**{field: float(value)})


def _whole(field: str) -> Callable[[Recipe, str, str], Recipe]:
    return lambda recipe, value, target: recipe.replace(**{field: int(value)})


def _text(field: str) -> Callable[[Recipe, str, str], Recipe]:
    return lambda recipe, value, target: recipe.replace(**{field: value})


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


NUMBERS = "Numbers, or ranges: 1-5, 5-9 (+2), 0-1 [5]"
FIELDS: dict[str, Field] = {
    "prompt": Field("Words", "What stands in their place, with commas between", texts, _reworded, "which words"),
    "lora_weight": Field("LoRA weight", NUMBERS, numbers, _weighed, "which LoRA"),
    "lora": Field("LoRA", "Names, with commas between", texts, _other_lora, "which LoRA of the prompt"),
    "steps": Field("Steps", NUMBERS, whole_numbers, _whole("steps")),
    "cfg_scale": Field("CFG", NUMBERS, numbers, _number("cfg_scale")),
    "seed": Field("Seed", NUMBERS, whole_numbers, _whole("seed")),
    "sampler": Field("Sampler", ", ".join(SAMPLERS[:4]) + " …", texts, _text("sampler")),
    "schedule": Field("Schedule", ", ".join(SCHEDULES), texts, _text("schedule")),
    "size": Field("Size", "512x512, 512x768", sizes, _sized),
    "checkpoint": Field("Checkpoint", "Names, with commas between", texts, _text("checkpoint")),
    "vae": Field("VAE", "Names, with commas between", texts, _text("vae")),
    "negative_prompt": Field("Negative prompt", "Whole negative prompts, in quotes", texts, _text("negative_prompt")),
    "clip_skip": Field("Clip skip", NUMBERS, whole_numbers, _whole("clip_skip")),
    "emphasis": Field("Emphasis", ", ".join(EMPHASIS_MODES), texts, _text("emphasis")),
}
