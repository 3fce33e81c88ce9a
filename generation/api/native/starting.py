"""What a picture starts from, in the API's words: the shapes, and the value that they mean for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from accounts.models import User
from generation.api.native.fields import CodeField, NumberField, WholeField, number_field
from generation.jobs.pinning import picture_of
from generation.recipes.starting import (
    AREAS,
    BLUR_RANGE,
    FITS,
    GROW_RANGE,
    MASKED_CONTENTS,
    PADDING_RANGE,
    STRENGTH_RANGE,
    Start,
)

SHA256_CHARS = 64


class StartInput(serializers.Serializer[Any]):
    """A picture to start from. `source` and `mask` are codes: of a picture that you brought (`/sources`), of one of
    yours, or of a public post that may be remixed."""

    source = CodeField(max_length=SHA256_CHARS)  # type: ignore[assignment]
    strength = number_field(
        NumberField, STRENGTH_RANGE, default=0.75, help_text="How much it changes; 0 only passes the VAE."
    )
    mask = CodeField(
        max_length=SHA256_CHARS, default="", allow_blank=True, help_text="White is drawn, black is kept to the bit."
    )
    mask_blur = number_field(
        WholeField, BLUR_RANGE, default=4, help_text="Pixels over which the mask's edge fades inwards."
    )
    masked_content = serializers.ChoiceField(
        choices=[*MASKED_CONTENTS], default="original", help_text="What stands below the mask at first."
    )
    area = serializers.ChoiceField(
        choices=[*AREAS], default="whole", help_text="masked: only what is masked is drawn, in the recipe's size."
    )
    padding = number_field(
        WholeField, PADDING_RANGE, default=32, help_text="Pixels around the masked area drawn with it."
    )
    grow = serializers.ListField(
        child=number_field(WholeField, GROW_RANGE), min_length=4, max_length=4, default=[0, 0, 0, 0],
        help_text="Pixels added at left, top, right and bottom; they are drawn.",
    )  # fmt: skip
    fit = serializers.ChoiceField(
        choices=[*FITS], default="crop", help_text="How a source of other proportions comes into the recipe's size."
    )


class PictureRefOutput(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Empty where it is known by its hash alone.")
    sha256 = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class StartOutput(serializers.Serializer[Any]):
    """What a picture started from."""

    source = PictureRefOutput()  # type: ignore[assignment]
    strength = serializers.FloatField()
    mask = PictureRefOutput(allow_null=True)
    mask_blur = serializers.IntegerField()
    masked_content = serializers.CharField()
    area = serializers.CharField()
    padding = serializers.IntegerField()
    grow = serializers.ListField(child=serializers.IntegerField())
    fit = serializers.CharField()


def as_input(start: Start) -> dict[str, Any]:
    """As it is asked for; pictures are named by their hash."""
    return {**asdict(start), "source": start.source.sha256, "mask": start.mask.sha256 if start.mask else ""}


def start_of(user: User, data: Mapping[str, Any] | None) -> Start | None:
    """The value of validated data. Raises Refusal for pictures that the user may not start from."""
    if not data:
        return None
    source = picture_of(user, data["source"])
    mask = picture_of(user, data["mask"]) if data["mask"] else None
    return Start(**{**data, "source": source, "mask": mask, "grow": tuple(data["grow"])})
