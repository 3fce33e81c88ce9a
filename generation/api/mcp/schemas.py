"""The JSON Schemas of tools' arguments, made from the table of a recipe's fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from generation.recipes.fields import (
    MAX_NAME_CHARS,
    MAX_PROMPT_CHARS,
    SIDE_STEP,
    Choice,
    Name,
    Number,
    Prompt,
    RecipeField,
    Side,
    WholeNumber,
)
from generation.recipes.picture import MAX_LORAS, WEIGHT_LIMIT

WEIGHT = {"type": "number", "minimum": -WEIGHT_LIMIT, "maximum": WEIGHT_LIMIT}
LORAS = {
    "type": "array",
    "maxItems": MAX_LORAS,
    "description": "LoRAs by the names that list_loras gives. In the prompt <lora:name:weight> does the same.",
    "items": {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": MAX_NAME_CHARS}, "weight": {**WEIGHT, "default": 1}},
        "required": ["name"],
        "additionalProperties": False,
    },
}
CODE = {"type": "string", "maxLength": 16, "pattern": "^[0-9a-zA-Z_-]+$"}


def object_of(properties: Mapping[str, Any], required: Iterable[str] = ()) -> dict[str, Any]:
    """The schema of an object that has these and nothing else: a misspelt argument is told, and not lost."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [*required],
        "additionalProperties": False,
    }


def field_schema(row: RecipeField) -> dict[str, Any]:
    """What the values of a field of the recipe are, and its words for whoever sees it for the first time."""
    return {**shape_of(row), "description": f"{row.title}. {row.explanation}"}


def shape_of(row: RecipeField) -> dict[str, Any]:
    if isinstance(row, Number):
        kind = {"type": "integer" if isinstance(row, WholeNumber) else "number", "minimum": row.limits[0]}
        step = {"multipleOf": SIDE_STEP} if isinstance(row, Side) else {}
        return kind | step | ({} if row.most is None else {"maximum": row.most})
    if isinstance(row, Choice) or (isinstance(row, Name) and row.names):
        return {"type": "string", "enum": [*row.choices]}
    return {"type": "string", "maxLength": MAX_PROMPT_CHARS if isinstance(row, Prompt) else MAX_NAME_CHARS}


def value_of(row: RecipeField, value: Any) -> Any:
    """As the recipe has it: JSON knows one kind of number, and 20.0 is a whole one."""
    return row.number(value) if isinstance(row, Number) else row.read(value)
