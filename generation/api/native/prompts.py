"""The API's doors to what a text or a picture says, before anything is made of it."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from generation.api.native.control_fields import ControlPickInput, as_control_input
from generation.api.native.enlarging import EnlargeInput, HiresInput, as_inputs
from generation.api.native.recipe_fields import Fields, api_field, schema_of_input
from generation.api.native.recipe_parts import RecipeParts
from generation.api.native.starting import StartInput, as_input
from generation.catalog.inspecting import inspect_prompt
from generation.catalog.matching import read_recipe
from generation.catalog.resolving import find_checkpoint
from generation.recipes.fields import FIELDS, Name, Prompt


class PromptInput(serializers.Serializer[Any]):
    """The texts as they would be submitted, and what their meaning depends on."""

    prompt = api_field(FIELDS["prompt"])
    negative_prompt = api_field(FIELDS["negative_prompt"], default="")
    checkpoint = api_field(FIELDS["checkpoint"], default="")
    steps = api_field(FIELDS["steps"], required=False)
    sampler = api_field(FIELDS["sampler"], schema_of_input(FIELDS["sampler"]), default="")
    seed = api_field(FIELDS["seed"], default=0)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Raises Refusal for what a submission refuses; only that nothing is written yet may be."""
        for name, value in attrs.items():
            row = FIELDS[name]
            if not isinstance(value, str) or value.strip():
                row.check(value)
                if isinstance(row, Name):
                    row.check_known(value)
        return attrs


class ProblemOutput(serializers.Serializer[Any]):
    """Something at text[start:end]. An error refuses the submission, a warning does not."""

    start = serializers.IntegerField()
    end = serializers.IntegerField()
    code = serializers.CharField()
    message = serializers.CharField()
    severity = serializers.ChoiceField(["error", "warning"])
    suggestions = serializers.ListField(child=serializers.CharField())


class MentionOutput(serializers.Serializer[Any]):
    """A LoRA tag or an embedding's name in the text."""

    kind = serializers.ChoiceField(["lora", "embedding"])
    name = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    status = serializers.ChoiceField(["found", "unknown", "wrong-family", "unchecked"])
    family = serializers.CharField()
    weight = serializers.FloatField(allow_null=True)
    text_weight = serializers.FloatField(allow_null=True)
    trigger_words = serializers.ListField(child=serializers.CharField())
    missing_triggers = serializers.ListField(child=serializers.CharField())
    suggestions = serializers.ListField(child=serializers.CharField())


class WeightedOutput(serializers.Serializer[Any]):
    """text[start:end] counts `weight`; what lies in no such span counts 1 or is syntax."""

    start = serializers.IntegerField()
    end = serializers.IntegerField()
    weight = serializers.FloatField(allow_null=True)


class SegmentOutput(serializers.Serializer[Any]):
    """What a prompt says at the UNet's calls `first_call` to `last_call`, counted from 0."""

    end_step = serializers.IntegerField()
    first_call = serializers.IntegerField()
    last_call = serializers.IntegerField()
    text = serializers.CharField()
    weights = serializers.ListField(child=serializers.ListField(), allow_null=True)
    tokens = serializers.IntegerField(allow_null=True)
    chunks = serializers.IntegerField(allow_null=True)


class PromptPartOutput(serializers.Serializer[Any]):
    """One of the prompts that AND joins."""

    start = serializers.IntegerField()
    end = serializers.IntegerField()
    weight = serializers.FloatField(allow_null=True)
    segments = SegmentOutput(many=True)


class NodeOutput(serializers.Serializer[Any]):
    """A node of the syntax tree, in reading order; its children follow it, one `depth` deeper."""

    kind = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    depth = serializers.IntegerField()
    parts = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))
    last = serializers.IntegerField(allow_null=True)


class DrawOutput(serializers.Serializer[Any]):
    """A choice or wildcard at text[start:end], and which of its options the seed draws."""

    start = serializers.IntegerField()
    end = serializers.IntegerField()
    name = serializers.CharField()
    options = serializers.IntegerField()
    picked = serializers.IntegerField()


class InspectionOutput(serializers.Serializer[Any]):
    """All that can be said of one text. Places are characters of `text`, from `start` to before `end`."""

    text = serializers.CharField()
    expanded = serializers.CharField()
    steps = serializers.IntegerField(help_text="Calls of the UNet, which are more than steps for some samplers.")
    tokens = serializers.IntegerField(allow_null=True)
    chunks = serializers.IntegerField(allow_null=True)
    prompts = PromptPartOutput(many=True)
    tree = NodeOutput(many=True)
    mentions = MentionOutput(many=True)
    spans = WeightedOutput(many=True)
    breaks = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))
    draws = DrawOutput(many=True)
    problems = ProblemOutput(many=True)


class InspectedOutput(serializers.Serializer[Any]):
    prompt = InspectionOutput()
    negative_prompt = InspectionOutput()
    steps = serializers.IntegerField()
    chunk_tokens = serializers.IntegerField()


class InspectView(APIView):
    """Explain a prompt without making anything: weights, schedule, LoRAs, tokens, and what is wrong where."""

    scope = "read"

    @extend_schema(request=PromptInput, responses=InspectedOutput)
    def post(self, request: Request) -> Response:
        user = cast(User, request.user)
        form = PromptInput(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        checkpoint = find_checkpoint(user, data["checkpoint"])
        inspected = inspect_prompt(
            user,
            data["prompt"],
            data["negative_prompt"],
            checkpoint=checkpoint,
            steps=data.get("steps", checkpoint.default_steps),
            sampler=data["sampler"] or checkpoint.default_sampler,
            seed=data["seed"],
        )
        return Response(inspected.to_json())


class PictureInput(serializers.Serializer[Any]):
    picture = serializers.FileField(help_text="PNG, JPEG, WebP or SVG, at most 16 MiB. Nothing of it is kept.")


class ReadValues(RecipeParts):
    """What the picture tells and this site knows; fields that it does not tell are missing."""

    start = StartInput(required=False)
    controls = serializers.ListField(child=ControlPickInput(), required=False)
    hires = HiresInput(required=False)
    enlarge = EnlargeInput(required=False)

    def get_fields(self) -> Fields:
        told = {name: api_field(row, required=isinstance(row, Prompt)) for name, row in FIELDS.items()}
        return told | super().get_fields()


class UnmatchedOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(
        ["checkpoint", "vae", "lora", "embedding", "controlnet", "upscaler", "sampler", "schedule", "picture", "value"]
        + ["setting"]
    )
    name = serializers.CharField()
    message = serializers.CharField()


class ReadOutput(serializers.Serializer[Any]):
    recipe = ReadValues()
    unmatched = UnmatchedOutput(many=True)


class ReadRecipeView(APIView):
    """Read the recipe out of a picture of this site, A1111, ComfyUI, InvokeAI, Fooocus, SwarmUI or NovelAI."""

    scope = "read"
    parser_classes = [MultiPartParser]

    @extend_schema(request={"multipart/form-data": PictureInput}, responses=ReadOutput)
    def post(self, request: Request) -> Response:
        matched = read_recipe(cast(User, request.user), request.FILES.get("picture"))
        shapes = RecipeParts().fields
        parts = {name: shapes[name].to_representation(part) for name, part in matched.parts.items()}
        start = {"start": as_input(matched.start)} if matched.start else {}
        recipe = {**matched.values, **parts, **start, **as_inputs(matched.larger)}
        if matched.controls:
            recipe["controls"] = [as_control_input(pick) for pick in matched.controls]
        return Response({"recipe": recipe, "unmatched": UnmatchedOutput(matched.unmatched, many=True).data})
