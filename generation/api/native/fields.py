"""The fields of the API's bodies: each value is of the kind that the description says.

The framework by itself takes 7 for a text, "7" for a number and "yes" for true. What a value may be beyond its kind is
mostly the verbs' to say, with codes of their own; here it is only described.
"""

from __future__ import annotations

from typing import Any, NoReturn

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from generation.api import access

Field = serializers.Field[Any, Any, Any, Any]

SOMETHING = r"\S"
"""The pattern of a text that is more than blanks."""


class TextField(serializers.CharField):
    """A text, trimmed. `pattern` describes what the verb lets through; that it may be blank is said beside it."""

    def __init__(self, *, pattern: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.pattern = pattern or ("" if self.allow_blank else SOMETHING)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if self.max_length is not None and len(data) > self.max_length:  # blanks at its ends count
            self.fail("max_length", max_length=self.max_length)
        return str(super().to_internal_value(data))


class TextDescription(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """How the API's description names a text; found by its base class."""

    target_class = TextField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        most = {} if self.target.max_length is None else {"maxLength": self.target.max_length}
        pattern = {"pattern": self.target.pattern} if self.target.pattern else {}
        return {"type": "string", **most, **pattern}


class CodeField(TextField, serializers.SlugField):
    """The code of a thing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(pattern="^[-a-zA-Z0-9_]+$", trim_whitespace=False, **options)


class WholeField(serializers.IntegerField):
    """A whole number; 7.0 is one."""

    def to_internal_value(self, data: Any) -> int:
        return int(super().to_internal_value(data)) if is_number(data) else refuse(self)


class NumberField(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        return float(super().to_internal_value(data)) if is_number(data) else refuse(self)


class FlagField(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        return data if isinstance(data, bool) else refuse(self)


@extend_schema_field({"type": "boolean", "not": {"enum": [False]}})
class AgreedField(FlagField):
    """What somebody has to say yes to. Left out it is a no, which the verb refuses with a code of its own."""

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        return (True, False) if data is empty else super().validate_empty_values(data)


def is_number(data: Any) -> bool:
    return isinstance(data, int | float) and not isinstance(data, bool)


def refuse(field: Field) -> NoReturn:
    field.fail("invalid")


def described(field: type[Field], schema: dict[str, Any], **options: Any) -> Field:
    """A field of this kind that the description tells more of than it checks by itself."""
    made: Field = extend_schema_field(schema)(type("Described", (field,), {}))(**options)
    return made


def number_field(field: type[Field], limits: tuple[float, float], *, above: bool = False, **options: Any) -> Field:
    """A number with its bounds in the schema; that it lies within them is the verb's to say, with its own code.

    `above` when it has to lie above the lower one.
    """
    kind = {"type": "integer"} if issubclass(field, serializers.IntegerField) else NUMBER
    exclusive = {"exclusiveMinimum": True} if above else {}
    return described(field, {**kind, "minimum": limits[0], "maximum": limits[1], **exclusive}, **options)


NUMBER = {"type": "number", "format": "double"}
DAY = {"type": "string", "format": "date", "pattern": f"^{access.DAY.pattern}$"}
"""Of what there can be pictures."""


def text_parameter(name: str, most: int, description: str) -> OpenApiParameter:
    """A text in the query of an address."""
    return OpenApiParameter(name, {"type": "string", "maxLength": most}, description=description)
