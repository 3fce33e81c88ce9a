"""The API's fields of a recipe, made from the table: shape alone; what a value may be is the row's to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.validators import ProhibitNullCharactersValidator

from generation.api.native.fields import NUMBER, SOMETHING, Field, NumberField, TextField, WholeField, described
from generation.recipes.fields import (
    FIELDS,
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

Fields = dict[str, Field]

MOST_OF_ANYTHING = 10_000
"""In the schema of a number whose bound is the plan's to say."""


class NameField(TextField):
    """A name. What it may be, NUL characters among it, is the recipe's to judge, so that the page says the same."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_blank": True, **options})
        self.validators = [one for one in self.validators if not isinstance(one, ProhibitNullCharactersValidator)]


class PromptField(NameField):
    """A prompt as it was sent, but for line ends."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        return FIELDS["prompt"].read(super().to_internal_value(data))  # type: ignore[no-any-return]


API_FIELDS: Mapping[type[RecipeField], type[Field]] = {
    Prompt: PromptField,
    Name: NameField,
    Choice: NameField,
    Number: NumberField,
    WholeNumber: WholeField,
    Side: WholeField,
}


def schema_of(row: RecipeField) -> dict[str, Any]:
    """What OpenAPI says of the values."""
    if isinstance(row, Number):
        kind = {"type": "integer"} if isinstance(row, WholeNumber) else NUMBER
        step = {"multipleOf": SIDE_STEP} if isinstance(row, Side) else {}
        most = {"maximum": MOST_OF_ANYTHING if row.most is None else row.most}
        return {**kind, "minimum": row.limits[0], **most, **step}
    if isinstance(row, Choice):
        return {"type": "string", "enum": [*row.choices]}
    return {"type": "string", "maxLength": MAX_PROMPT_CHARS if isinstance(row, Prompt) else MAX_NAME_CHARS}


def schema_of_input(row: RecipeField) -> dict[str, Any]:
    """The same of what is sent: a recipe may name what has gone since, and a text that is empty stands for none."""
    schema = schema_of(row)
    if isinstance(row, Prompt) and row.required:
        return {**schema, "allOf": [{"pattern": SOMETHING}]}  # or else the framework adds that it may be empty
    if isinstance(row, Name | Choice) and row.choices:
        return {**schema, "enum": [*row.choices, ""]}
    return schema


def api_field(row: RecipeField, schema: dict[str, Any] | None = None, **options: Any) -> Field:
    """The serializer field of a row, explained and with its bounds in the schema."""
    wrong_kind = {"invalid": f"{row.title} must be {row.kind}."}
    options = {"help_text": row.explanation, "error_messages": wrong_kind, **options}
    return described(API_FIELDS[type(row)], schema or schema_of(row), **options)


def input_fields() -> Fields:
    """Every field as it may be asked for: what is left out is the checkpoint's default, and a seed is drawn."""
    return {name: api_field(row, schema_of_input(row), **presence(row)) for name, row in FIELDS.items()}


def presence(row: RecipeField) -> dict[str, Any]:
    """Whether a field must be told, and what it is otherwise."""
    if row.name == "seed":
        return {"allow_null": True, "default": None}
    if row.checkpoint or row.name == "prompt":
        return {"required": row.name == "prompt"}
    return {"default": row.default}


def output_fields() -> Fields:
    return {name: api_field(row) for name, row in FIELDS.items()}
