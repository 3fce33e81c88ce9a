"""The API's shapes of what a recipe has besides its fields: variation, blend, palette; and the styles put around it.

Shape alone: what a value may be is the recipe's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from generation.api.native.fields import NumberField, TextField, WholeField, described, number_field
from generation.api.native.recipe_fields import api_field, schema_of_input
from generation.catalog.styles import MAX_PICKED
from generation.jobs.pinning import picture_of
from generation.jobs.submission import random_seed
from generation.recipes import blending, palette, variation
from generation.recipes.blending import Blend
from generation.recipes.checks import MAX_SEED
from generation.recipes.fields import FIELDS, MAX_NAME_CHARS, SIDE_RANGE, SIDE_STEP
from generation.recipes.inversion import Inversion, Inverted
from generation.recipes.palette import MAX_COLOURS, Palette
from generation.recipes.variation import Variation

SHARE = (0, 1)


class PictureField(TextField):
    """A pinned picture by its code, or by its hash where it has none any more."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=64, **options)

    def to_representation(self, value: Any) -> str:
        """Of a PictureRef."""
        return str(value.code or value.sha256)


class VariationField(serializers.Serializer[Any]):
    """The noise of the recipe's seed, turned towards that of another seed."""

    seed = number_field(WholeField, (0, MAX_SEED), allow_null=True, default=None, help_text=variation.SEED.explanation)
    strength = number_field(NumberField, SHARE, default=0.0, help_text=variation.STRENGTH.explanation)
    resize_from = serializers.ListField(
        child=described(
            WholeField, {"type": "integer", "minimum": SIDE_RANGE[0], "maximum": SIDE_RANGE[1], "multipleOf": SIDE_STEP}
        ),
        min_length=2,
        max_length=2,
        allow_null=True,
        default=None,
        help_text=f"Width and height. {variation.RESIZE_FROM.explanation}",
    )


class BlendField(serializers.Serializer[Any]):
    """A second prompt, whose meaning the first is turned towards."""

    prompt = api_field(FIELDS["prompt"], schema_of_input(FIELDS["prompt"]))
    amount = number_field(NumberField, SHARE, default=blending.AMOUNT.default, help_text=blending.AMOUNT.explanation)


class InvertedField(serializers.Serializer[Any]):
    """A picture, and the words under which the noise behind it is found."""

    picture = PictureField(help_text="The code of a picture of yours, or of one that you brought.")
    prompt = api_field(FIELDS["negative_prompt"], default="", help_text="What the picture shows.")


class InversionField(serializers.Serializer[Any]):
    """Drawing from the noise behind a picture; with `toward`, from between the noises behind two."""

    source = InvertedField()  # type: ignore[assignment]
    toward = InvertedField(required=False, allow_null=True, default=None)
    amount = number_field(NumberField, SHARE, default=0.0)


class PaletteField(serializers.Serializer[Any]):
    """Colours that the picture is drawn towards."""

    colours = serializers.ListField(
        child=TextField(max_length=7, pattern="^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"),
        min_length=1,
        max_length=MAX_COLOURS,
        help_text="As #rrggbb.",
    )
    strength = number_field(
        NumberField, SHARE, default=palette.STRENGTH.default, help_text=palette.STRENGTH.explanation
    )


def optional(field: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    return field(required=False, allow_null=True, default=None)


class RecipeParts(serializers.Serializer[Any]):
    """What a recipe may have besides its fields; each may be left out."""

    variation = optional(VariationField)
    blend = optional(BlendField)
    palette = optional(PaletteField)
    inversion = optional(InversionField)


class RecipePartsInput(RecipeParts):
    styles = serializers.ListField(
        child=TextField(max_length=MAX_NAME_CHARS),
        default=list,
        max_length=MAX_PICKED,
        help_text="Names of styles, yours or the site's, put around both prompts in this order.",
    )


def parts_of(user: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """The values of validated data, by the names that Recipe has. Raises Refusal."""
    varied, blend, colours, inverted = (data.get(name) for name in ("variation", "blend", "palette", "inversion"))
    parts: dict[str, Any] = {}
    if varied:
        seed = random_seed() if varied["seed"] is None else varied["seed"]
        size = varied["resize_from"]
        parts["variation"] = Variation.of(seed, varied["strength"], (size[0], size[1]) if size else None)
    if blend:
        parts["blend"] = Blend(blend["prompt"], blend["amount"])
    if colours:
        parts["palette"] = Palette.of(colours["colours"], colours["strength"])
    if inverted:
        source, toward = (inverted_of(user, inverted[end]) for end in ("source", "toward"))
        assert source is not None
        parts["inversion"] = Inversion(source, toward, inverted["amount"])
    return parts


def inverted_of(user: Any, data: Mapping[str, Any] | None) -> Inverted | None:
    return Inverted(picture_of(user, data["picture"]), data["prompt"]) if data else None
