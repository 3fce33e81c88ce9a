"""The API's fields of a recipe's ControlNets: shape alone; what a value may be is the recipe's to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import serializers

from generation.api.native.fields import CodeField, NumberField, TextField, WholeField, number_field
from generation.api.native.starting import SHA256_CHARS, PictureRefOutput
from generation.jobs.pinning import picture_of
from generation.recipes.controls import (
    MAX_NAME_CHARS,
    READY,
    SHARE_RANGE,
    THRESHOLD_RANGE,
    WEIGHT_RANGE,
    ControlPick,
)
from generation.recipes.starting import FITS


class ControlPickFields(serializers.Serializer[Any]):
    """At which of the steps a ControlNet counts for how much, and how its picture is made ready."""

    name = TextField(max_length=MAX_NAME_CHARS, help_text="Of a ControlNet of the catalog.")
    preprocessor = TextField(
        max_length=MAX_NAME_CHARS, default=READY, help_text="How the picture is made ready; none: it is already."
    )
    weight = number_field(NumberField, WEIGHT_RANGE, default=1.0)
    start = number_field(NumberField, SHARE_RANGE, default=0.0, help_text="Share of the steps before it.")
    end = number_field(NumberField, SHARE_RANGE, default=1.0, help_text="Share of the steps at its end.")
    low = number_field(WholeField, THRESHOLD_RANGE, default=100, help_text="Canny's lower threshold.")
    high = number_field(WholeField, THRESHOLD_RANGE, default=200, help_text="Canny's upper threshold.")
    fit = serializers.ChoiceField(
        choices=[*FITS], default="crop", help_text="How a picture of other proportions comes into the recipe's size."
    )


class ControlPickInput(ControlPickFields):
    """A ControlNet and the picture that it reads: one that you brought (`/sources`), or one of yours, by its code."""

    picture = CodeField(max_length=SHA256_CHARS)


class ControlPickOutput(ControlPickFields):
    """A ControlNet and the picture that it read."""

    picture = PictureRefOutput()


def as_control_input(pick: ControlPick) -> dict[str, Any]:
    """As it is asked for; the picture is named by its hash."""
    return {**{name: getattr(pick, name) for name in _OWN}, "picture": pick.picture.sha256}


_OWN = ("name", "preprocessor", "weight", "start", "end", "low", "high", "fit")


def controls_of(user: Any, told: Iterable[Mapping[str, Any]]) -> tuple[ControlPick, ...]:
    """The picks that validated data tell. Raises Refusal."""
    return tuple(ControlPick(**{**each, "picture": picture_of(user, each["picture"])}) for each in told)
