"""JSON Schemas of what a recipe has besides its fields, read off the shapes that the native API has for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from drf_spectacular.drainage import get_override
from rest_framework import serializers
from rest_framework.fields import empty

from generation.api.mcp.schemas import object_of
from generation.api.native.serializers import RecipeInput

Field = serializers.Field[Any, Any, Any, Any]

PARTS: Mapping[str, str] = {
    "start": "Begin from a picture instead of noise alone, and change all of it or what a mask says. Pictures are "
    "named by their code: one of my_pictures, one that the person brought to the site, or a public post.",
    "controls": "ControlNets, each with the picture whose shape it keeps, by code. list_controlnets has their names "
    "and the preprocessors.",
    "hires": "A second pass that draws the picture again, larger. Not together with start.",
    "variation": "The same picture, a little different: the noise of the seed turned towards that of another one.",
    "blend": "A second prompt that the meaning of the first is turned towards.",
    "palette": "Colours that the picture is drawn towards.",
    "styles": "Names of styles, whose words are put around the prompt. list_styles has them.",
}
"""What each is for, to a model that sees it for the first time."""


@cache
def part_schemas() -> dict[str, Any]:
    """The schemas of the parts, by the names that a recipe has for them."""
    fields = RecipeInput().get_fields()
    return {name: {**schema_of(fields[name]), "description": words} for name, words in PARTS.items()}


def schema_of(field: Field) -> dict[str, Any]:
    """Shape, bounds, default and words of one field of a serializer; null stands for what is left out."""
    shape = shape_of(field)
    if field.allow_null:
        shape["type"] = [shape["type"], "null"]
    if field.default is not empty and field.default is not None and not callable(field.default):
        shape["default"] = field.default
    return {**shape, "description": str(field.help_text)} if field.help_text else shape


def shape_of(field: Field) -> dict[str, Any]:
    if isinstance(field, serializers.Serializer):
        inner: Mapping[str, Field] = field.get_fields()
        return object_of(
            {name: schema_of(each) for name, each in inner.items()},
            [name for name, each in inner.items() if each.required],
        )
    if isinstance(field, serializers.ListField):
        bounds = {"minItems": field.min_length, "maxItems": field.max_length}
        return {"type": "array", "items": schema_of(field.child), **bounded(bounds)}
    if isinstance(field, serializers.ChoiceField):
        return {"type": "string", "enum": [*field.choices]}
    if isinstance(field, serializers.CharField):
        return {"type": "string", **bounded({"maxLength": field.max_length})}
    return dict(get_override(field, "field"))


def bounded(bounds: Mapping[str, int | None]) -> dict[str, int]:
    return {name: bound for name, bound in bounds.items() if bound is not None}
