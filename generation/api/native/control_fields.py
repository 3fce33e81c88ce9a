"""The API's fields of a recipe's ControlNets: shape alone; what a value may be is the recipe's to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import serializers

from generation.api.native.recipe_fields import number_field
from generation.jobs.sources import picture_of
from generation.recipes.controls import (
    MAX_NAME_CHARS,
    READY,
    SHARE_RANGE,
    THRESHOLD_RANGE,
    WEIGHT_RANGE,
    ControlPick,
)
from generation.recipes.starting import FITS, PictureRef


class PictureField(serializers.CharField):
    """A picture by its code or by its SHA-256."""

    def to_representation(self, value: Any) -> str:
        return value.code or value.sha256 if isinstance(value, PictureRef) else str(value)


class ControlPickFields(serializers.Serializer[Any]):
    """A ControlNet, the picture that it reads, and at which of the steps it counts for how much."""

    name = serializers.CharField(max_length=MAX_NAME_CHARS, help_text="Of a ControlNet of the catalog.")
    picture = PictureField(max_length=64, help_text="Code or SHA-256 of a source or an image of yours.")
    preprocessor = serializers.CharField(
        max_length=MAX_NAME_CHARS, default=READY, help_text="How the picture is made ready; none: it is already."
    )
    weight = number_field(serializers.FloatField, WEIGHT_RANGE, default=1.0)
    start = number_field(serializers.FloatField, SHARE_RANGE, default=0.0)
    end = number_field(serializers.FloatField, SHARE_RANGE, default=1.0)
    low = number_field(serializers.IntegerField, THRESHOLD_RANGE, default=100)
    high = number_field(serializers.IntegerField, THRESHOLD_RANGE, default=200)
    fit = serializers.ChoiceField([*FITS], default="crop")


def controls_of(user: Any, told: Iterable[Mapping[str, Any]]) -> tuple[ControlPick, ...]:
    """The picks that validated data tell. Raises Refusal."""
    return tuple(ControlPick(**{**each, "picture": picture_of(user, each["picture"])}) for each in told)
