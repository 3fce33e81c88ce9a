"""The API's fields of a recipe, made from the table: shape alone; what a value may be is the row's to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.validators import ProhibitNullCharactersValidator
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers

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

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]


MOST_OF_ANYTHING = 10_000
"""In the schema of a number whose bound is the plan's to say."""


class TextField(serializers.CharField):
    """A text; a number is none, though the framework would write it out."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class CodeField(TextField, serializers.SlugField):
    """The code of a thing."""


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


API_FIELDS: Mapping[type[RecipeField], type[serializers.Field[Any, Any, Any, Any]]] = {
    Prompt: PromptField,
    Name: NameField,
    Choice: NameField,
    Number: serializers.FloatField,
    WholeNumber: serializers.IntegerField,
    Side: serializers.IntegerField,
}


def schema_of(row: RecipeField) -> dict[str, Any]:
    """What OpenAPI says of the values."""
    if isinstance(row, Number):
        kind = {"type": "integer"} if isinstance(row, WholeNumber) else {"type": "number", "format": "double"}
        step = {"multipleOf": SIDE_STEP} if isinstance(row, Side) else {}
        most = {"maximum": MOST_OF_ANYTHING if row.most is None else row.most}
        return {**kind, "minimum": row.limits[0], **most, **step}
    if isinstance(row, Choice):
        return {"type": "string", "enum": [*row.choices]}
    return {"type": "string", "maxLength": MAX_PROMPT_CHARS if isinstance(row, Prompt) else MAX_NAME_CHARS}


def text_parameter(name: str, most: int, description: str) -> OpenApiParameter:
    """A text in the query of an address."""
    return OpenApiParameter(name, {"type": "string", "maxLength": most}, description=description)


def number_field(
    field: type[serializers.Field[Any, Any, Any, Any]], limits: tuple[float, float], **options: Any
) -> serializers.Field[Any, Any, Any, Any]:
    """A number with its bounds in the schema; that it lies within them is the verb's to say, with its own code."""
    described = extend_schema_field(bounds_of(field, limits))(type("Bounded", (field,), {}))
    bounded: serializers.Field[Any, Any, Any, Any] = described(**options)
    return bounded


def bounds_of(field: type[serializers.Field[Any, Any, Any, Any]], limits: tuple[float, float]) -> dict[str, Any]:
    whole = issubclass(field, serializers.IntegerField)
    kind = {"type": "integer"} if whole else {"type": "number", "format": "double"}
    return {**kind, "minimum": limits[0], "maximum": limits[1]}


def api_field(row: RecipeField, **options: Any) -> serializers.Field[Any, Any, Any, Any]:
    """The serializer field of a row, explained and with its bounds in the schema."""
    described = extend_schema_field(schema_of(row))(type(f"{row.name}_field", (API_FIELDS[type(row)],), {}))
    wrong_kind = {"invalid": f"{row.title} must be {row.kind}."}
    field: serializers.Field[Any, Any, Any, Any] = described(
        help_text=row.explanation, error_messages=wrong_kind, **options
    )
    return field


def input_fields() -> Fields:
    """Every field as it may be asked for: what is left out is the checkpoint's default, and a seed is drawn."""
    return {name: api_field(row, **presence(row)) for name, row in FIELDS.items()}


def presence(row: RecipeField) -> dict[str, Any]:
    """Whether a field must be told, and what it is otherwise."""
    if row.name == "seed":
        return {"allow_null": True, "default": None}
    if row.checkpoint or row.name == "prompt":
        return {"required": row.name == "prompt"}
    return {"default": row.default}


def output_fields() -> Fields:
    return {name: api_field(row) for name, row in FIELDS.items()}
