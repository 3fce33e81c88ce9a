"""The shapes of the API's generation resources. Shape only: what is allowed is decided by `Recipe` and the verbs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from generation.api.native.control_fields import ControlPickInput, ControlPickOutput, controls_of
from generation.api.native.enlarging import EnlargeInput, EnlargeOutput, HiresInput, HiresOutput, larger_of
from generation.api.native.fields import CodeField, FlagField, NumberField, TextField, number_field
from generation.api.native.recipe_fields import Fields, NameField, api_field, input_fields, output_fields
from generation.api.native.recipe_parts import RecipeParts, RecipePartsInput, parts_of
from generation.api.native.starting import StartInput, StartOutput, start_of
from generation.catalog.resolving import find_checkpoint
from generation.catalog.styles import apply_styles
from generation.jobs import queueing
from generation.jobs.enlarging import enlarging
from generation.jobs.lifecycle import cancel_cost
from generation.jobs.submission import random_seed
from generation.messages import frames
from generation.models import Checkpoint, GeneratedImage, Job, Lora
from generation.models.images import kept_image
from generation.recipes.controls import MAX_CONTROLS
from generation.recipes.fields import COUNT, FIELDS, Name, defaults_for
from generation.recipes.picture import MAX_LORAS, WEIGHT_LIMIT, LoraPick, Recipe
from generation.recipes.starting import drawn_like

LORA_WEIGHTS = (-WEIGHT_LIMIT, WEIGHT_LIMIT)
MAX_BATCH = 16
"""Recipes of one request."""


class LoraPickInput(serializers.Serializer[Any]):
    name = NameField(max_length=100, allow_blank=False)
    weight = number_field(NumberField, LORA_WEIGHTS, default=1.0)
    text_weight = number_field(NumberField, LORA_WEIGHTS, required=False, allow_null=True, default=None)


class RecipeInput(RecipePartsInput):
    """What a picture is made from. Everything but the prompt has a default: the checkpoint's, or a random seed."""

    loras = serializers.ListField(child=LoraPickInput(), default=list, max_length=MAX_LORAS)
    start = StartInput(default=None, allow_null=True)
    controls = serializers.ListField(child=ControlPickInput(), default=list, max_length=MAX_CONTROLS)
    hires = HiresInput(default=None, allow_null=True)
    enlarge = EnlargeInput(default=None, allow_null=True)

    def get_fields(self) -> Fields:
        # Upscales need no prompt, which cannot be described; of all others the recipe refuses it.
        prompt = {"prompt": api_field(FIELDS["prompt"])}
        return input_fields() | prompt | super().get_fields()

    def recipe(self, user: Any) -> Recipe:
        return recipe_of(user, self.validated_data)


def recipe_of(user: Any, data: Mapping[str, Any]) -> Recipe:
    """The recipe that validated data tell, with the checkpoint's defaults filled in. Raises Refusal."""
    if data.get("enlarge") and not data["prompt"].strip():
        asked = dict(data["enlarge"])
        return enlarging(user, asked.pop("source"), **asked)
    given = {name: value for name in FIELDS if (value := data.get(name)) not in (None, "")}
    for name, value in given.items():
        row = FIELDS[name]
        if isinstance(row, Name):
            row.check(value)
            row.check_known(value)
    checkpoint = find_checkpoint(user, given.get("checkpoint", ""))
    picks, start = tuple(LoraPick(**pick) for pick in data["loras"]), start_of(user, data.get("start"))
    usual = defaults_for(checkpoint) | (drawn_like(start, user.plan.max_pixels) if start else {})
    values = {**usual, "seed": random_seed(), **given, "prompt": data["prompt"], **parts_of(user, data)}
    values |= {"loras": picks, "start": start, "controls": controls_of(user, data["controls"]), **larger_of(user, data)}
    return apply_styles(user, Recipe(**values), data.get("styles", ()), checkpoint.family)


class SubmissionInput(RecipeInput):
    """A recipe, and how many pictures are made by it."""

    count = api_field(COUNT, default=COUNT.default)
    made_from = CodeField(
        max_length=12, default="", allow_blank=True, help_text="The code of the post that is remixed, if one is."
    )


class BatchInput(serializers.Serializer[Any]):
    recipes = serializers.ListField(child=SubmissionInput(), min_length=1, max_length=MAX_BATCH)


class RecipeOutput(RecipeParts):
    """A recipe as it was drawn; what pins the files stays inside."""

    loras = LoraPickInput(many=True)
    start = StartOutput(allow_null=True)
    controls = ControlPickOutput(many=True)
    hires = HiresOutput(allow_null=True)
    enlarge = EnlargeOutput(allow_null=True)

    def get_fields(self) -> Fields:
        return output_fields() | super().get_fields()


class ProgressOutput(serializers.Serializer[frames.Frame]):
    percent = serializers.IntegerField()
    step = serializers.IntegerField()
    total = serializers.IntegerField()
    seconds_left = serializers.FloatField()


class JobOutput(serializers.ModelSerializer[Job]):
    recipe = RecipeOutput(read_only=True)
    image = serializers.SerializerMethodField()
    place = serializers.SerializerMethodField()
    seconds_until_start = serializers.SerializerMethodField()
    waiting_reason = serializers.SerializerMethodField()
    cancel_cost = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = [
            "code", "submission", "state", "credits", "cancel_cost", "recipe", "place", "seconds_until_start",
            "waiting_reason", "progress", "image", "error_code", "error_message", "created_at", "started_at",
            "finished_at",
        ]  # fmt: skip

    def get_image(self, job: Job) -> str | None:
        """The image's address once the job is done."""
        image = kept_image(job)
        return reverse("api-image", args=[image.code]) if image else None

    def get_place(self, job: Job) -> int | None:
        """Place in the queue, from 1, while the job waits."""
        wait = self.wait_of(job)
        return wait.place if wait else None

    def get_seconds_until_start(self, job: Job) -> float | None:
        """Guessed from measured speeds; null when no worker is alive or the job does not wait."""
        wait = self.wait_of(job)
        return wait.seconds if wait else None

    def get_waiting_reason(self, job: Job) -> str | None:
        """What holds it back, or when it starts, in words; as its tile says it."""
        wait = self.wait_of(job)
        return wait.reason if wait else None

    def wait_of(self, job: Job) -> queueing.Wait | None:
        """Read once for all that is said of it; a page of jobs is read as one line."""
        page = self.parent.instance if isinstance(self.parent, serializers.ListSerializer) else None
        waits: dict[int, queueing.Wait] = self.__dict__.setdefault("_waits", {})
        read: set[int] = self.__dict__.setdefault("_read", set())
        if job.pk not in read:  # what does not wait has no entry, and is not asked about again either
            jobs = page or [job]
            waits.update(queueing.waits(jobs))
            read.update(each.pk for each in jobs)
        return waits.get(job.pk)

    def get_cancel_cost(self, job: Job) -> int:
        """Of `credits` what is kept when it is cancelled now, or was kept when it was: the steps drawn."""
        return cancel_cost(job, frames.last_frame(job.code) if job.state == Job.State.RUNNING else None)

    @extend_schema_field(ProgressOutput(allow_null=True))
    def get_progress(self, job: Job) -> dict[str, Any] | None:
        frame = frames.last_frame(job.code) if job.state == Job.State.RUNNING else None
        return dict(ProgressOutput(frame).data) if frame else None


class CancelAllInput(serializers.Serializer[Any]):
    submission = TextField(
        required=False, default="", allow_blank=True, max_length=64, help_text="Of which submission; empty: of all."
    )


class CancelAllOutput(serializers.Serializer[Any]):
    cancelled = serializers.ListField(child=serializers.CharField(), help_text="Codes of the jobs that were ended.")


class SubmissionOutput(serializers.Serializer[Any]):
    submission = serializers.CharField()
    credits = serializers.IntegerField()
    jobs = JobOutput(many=True)


class BatchOutput(serializers.Serializer[Any]):
    credits = serializers.IntegerField()
    submissions = SubmissionOutput(many=True)


class PriceOutput(serializers.Serializer[Any]):
    credits = serializers.IntegerField()
    balance = serializers.IntegerField()


class ImageOutput(serializers.ModelSerializer[GeneratedImage]):
    recipe = RecipeOutput(read_only=True)
    downloads = serializers.SerializerMethodField()
    small = serializers.SerializerMethodField()
    starred = serializers.BooleanField(source="is_starred", read_only=True)

    class Meta:
        model = GeneratedImage
        fields = [
            "code", "recipe", "infotext", "width", "height", "seed", "rating", "starred", "svg_state", "downloads",
            "small", "created_at",
        ]  # fmt: skip

    def get_downloads(self, image: GeneratedImage) -> dict[str, str]:
        """Addresses of the file by format; svg once it is traced."""
        formats = ["png", "jpeg", "webp"] + (["svg"] if image.svg_state == GeneratedImage.Svg.READY else [])
        return {name: reverse("api-image-file", args=[image.code, name]) for name in formats}

    def get_small(self, image: GeneratedImage) -> str:
        """Address of a smaller WebP; `?side=` 320, 640 or 1280 says how long its longer side is at most."""
        return reverse("api-image-small", args=[image.code])


class ImageChange(serializers.Serializer[Any]):
    starred = FlagField()


class CheckpointOutput(serializers.ModelSerializer[Checkpoint]):
    class Meta:
        model = Checkpoint
        fields = [
            "name", "title", "family", "sha256", "autov2", "licence", "description", "native_width", "native_height",
            "default_steps", "default_cfg_scale", "default_sampler", "is_default", "is_inpainting",
        ]  # fmt: skip


class LoraOutput(serializers.ModelSerializer[Lora]):
    class Meta:
        model = Lora
        fields = [
            "name", "title", "family", "sha256", "autov2", "rank", "trigger_words", "licence", "description",
            "left_out", "series", "version", "is_public", "may_download", "downloads",
        ]  # fmt: skip
