"""A second pass and an upscale in the API's words: the shapes, the values they mean, and what there is to choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from generation.api.access import HasScope
from generation.api.native.fields import CodeField, NumberField, TextField, WholeField, number_field
from generation.api.native.recipe_fields import api_field, schema_of_input
from generation.api.native.starting import SHA256_CHARS, PictureRefOutput
from generation.jobs.pinning import picture_of
from generation.models import Upscaler
from generation.recipes.enlarging import (
    HIRES_RANGE,
    HIRES_STRENGTH_RANGE,
    LANCZOS,
    LATENT_MODES,
    OVERLAP,
    OVERLAP_RANGE,
    SCALE_RANGE,
    Enlarge,
    Hires,
)
from generation.recipes.fields import FIELDS, MAX_NAME_CHARS, MAX_PROMPT_CHARS, STEPS_RANGE


class HiresInput(serializers.Serializer[Any]):
    """A second pass over the picture, larger. What is empty is as in the first pass."""

    scale = number_field(NumberField, HIRES_RANGE, default=2.0)
    steps = number_field(WholeField, (0, STEPS_RANGE[1]), default=0, help_text="0: as many as the first.")
    strength = number_field(
        NumberField, HIRES_STRENGTH_RANGE, default=0.7, help_text="How much of the first pass it changes."
    )
    upscaler = TextField(
        max_length=MAX_NAME_CHARS, default="Latent", help_text="One of `GET /upscalers`, latent ways among them."
    )
    sampler = api_field(FIELDS["sampler"], schema_of_input(FIELDS["sampler"]), default="", help_text="Of this pass.")
    schedule = api_field(FIELDS["schedule"], schema_of_input(FIELDS["schedule"]), default="", help_text="Of this pass.")
    prompt = TextField(max_length=MAX_PROMPT_CHARS, default="", allow_blank=True)
    negative_prompt = TextField(max_length=MAX_PROMPT_CHARS, default="", allow_blank=True)


class EnlargeInput(serializers.Serializer[Any]):
    """An upscale of a picture, by its code. Nothing is drawn unless `strength` is above 0.

    The prompt may be empty: then what a picture of yours was drawn with is kept, and all beside means nothing."""

    source = CodeField(max_length=SHA256_CHARS)  # type: ignore[assignment]
    scale = number_field(NumberField, SCALE_RANGE, default=2.0)
    upscaler = TextField(max_length=MAX_NAME_CHARS, default=LANCZOS, help_text="See `GET /upscalers`.")
    strength = number_field(
        NumberField, HIRES_STRENGTH_RANGE, default=0.0, help_text="Above 0: drawn over in tiles, so much."
    )
    overlap = number_field(WholeField, OVERLAP_RANGE, default=OVERLAP, help_text="Pixels that tiles share.")


class HiresOutput(serializers.Serializer[Any]):
    """A second pass as it was drawn."""

    scale = serializers.FloatField()
    steps = serializers.IntegerField()
    strength = serializers.FloatField()
    upscaler = serializers.CharField()
    sampler = serializers.CharField()
    schedule = serializers.CharField()
    prompt = serializers.CharField()
    negative_prompt = serializers.CharField()


class EnlargeOutput(serializers.Serializer[Any]):
    """An upscale as it was made."""

    source = PictureRefOutput()  # type: ignore[assignment]
    scale = serializers.FloatField()
    upscaler = serializers.CharField()
    strength = serializers.FloatField()
    overlap = serializers.IntegerField()


class UpscalerOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    scale = serializers.IntegerField(allow_null=True, help_text="What a network makes of a side; null: any.")
    latent = serializers.BooleanField(help_text="For second passes alone.")
    sha256 = serializers.CharField(help_text="Empty for what needs no file.")


class UpscalersView(APIView):
    """What pictures are made larger by: ways of upscaling latents, Lanczos, and networks."""

    permission_classes = [permissions.AllowAny, HasScope]
    scope = "read"

    @extend_schema(responses=UpscalerOutput(many=True))
    def get(self, request: Request) -> Response:
        own = [{"name": name, "scale": None, "latent": name in LATENT_MODES, "sha256": ""}
               for name in (LANCZOS, *LATENT_MODES)]  # fmt: skip
        rows = Upscaler.objects.usable_by(request.user).order_by("name")
        networks = [{"name": row.name, "scale": row.scale, "latent": False, "sha256": row.sha256} for row in rows]
        return Response([*own, *networks])


def larger_of(user: User, data: Mapping[str, Any]) -> dict[str, Hires | Enlarge | None]:
    """The values of validated data, by the names that Recipe has. Raises Refusal."""
    hires, enlarge = data.get("hires"), data.get("enlarge")
    if hires:
        for name in ("sampler", "schedule"):
            if hires[name]:
                FIELDS[name].check_known(hires[name])  # type: ignore[attr-defined]
    return {
        "hires": Hires(**hires) if hires else None,
        "enlarge": Enlarge(**{**enlarge, "source": picture_of(user, enlarge["source"])}) if enlarge else None,
    }


def as_inputs(larger: Mapping[str, Hires | Enlarge]) -> dict[str, Any]:
    """As they are asked for; pictures are named by their hash."""
    told: dict[str, Any] = {}
    for name, value in larger.items():
        told[name] = asdict(value)
        for inner in ("loras", "upscaler_sha256"):
            told[name].pop(inner, None)
        if isinstance(value, Enlarge):
            told[name]["source"] = value.source.sha256
    return told
