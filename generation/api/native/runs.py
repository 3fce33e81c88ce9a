"""The API's doors to training runs: the same verbs as the pages. Rules live in the verbs and in `TrainingRecipe`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.credits import balance_of
from accounts.models import User
from accounts.refusals import NotFound, Refusal
from generation.api.access import get_dataset, get_run, token_of, user_of
from generation.api.idempotency import Write, idempotent_submission, is_dry_run
from generation.api.native.fields import FlagField, NumberField, TextField, WholeField, described, number_field
from generation.api.native.serializers import PriceOutput
from generation.catalog.resolving import find_checkpoint
from generation.models import DataSet, Snapshot, TrainingRun
from generation.recipes.presets import FIRST_PRESET, PRESETS, with_preset
from generation.recipes.training import MAX_TRIGGER_CHARS, OPTIMIZERS, PARTS, RANGES, SCHEDULES, TrainingRecipe
from generation.storage.downloads import attachment
from generation.training.runs import controls
from generation.training.runs.lifecycle import discard_cost, hand_out
from generation.training.runs.queueing import place_of
from generation.training.runs.submission import (
    NAME,
    check_name,
    first_recipe,
    prepare,
    quote_training,
    screen_training,
    write_training,
)

LIMITS = {name: limits for name, limits, _ in RANGES}
PRESET = {"type": "string", "enum": [*PRESETS]}
RESOLUTION = {"type": "integer", "minimum": 0, "maximum": 1024, "multipleOf": 8}


class TrainingInput(serializers.Serializer[Any]):
    """A training of the LoRA `name` with your data set's code. What is left out is the preset's, as on the page."""

    dataset = TextField(max_length=16)
    name = TextField(max_length=100, pattern=rf"^\s*{NAME.pattern}\s*$")
    preset = described(TextField, PRESET, required=False, help_text="What is sent beside it goes before it.")
    checkpoint = TextField(max_length=100, required=False, allow_blank=True)
    trigger = TextField(max_length=MAX_TRIGGER_CHARS, required=False, allow_blank=True)
    parts = serializers.ListField(
        child=serializers.ChoiceField(PARTS), required=False, min_length=1, max_length=len(PARTS)
    )
    rank = number_field(WholeField, LIMITS["rank"], required=False)
    alpha = number_field(NumberField, LIMITS["alpha"], required=False)
    steps = number_field(WholeField, LIMITS["steps"], required=False)
    batch = number_field(WholeField, LIMITS["batch"], required=False)
    gradient_accumulation = number_field(WholeField, LIMITS["gradient_accumulation"], required=False)
    resolution = described(WholeField, RESOLUTION, required=False, min_value=0, max_value=1024)
    learning_rate = number_field(NumberField, LIMITS["learning_rate"], required=False)
    text_learning_rate = number_field(NumberField, LIMITS["text_learning_rate"], required=False)
    optimizer = serializers.ChoiceField(OPTIMIZERS, required=False)
    weight_decay = number_field(NumberField, LIMITS["weight_decay"], required=False)
    schedule = serializers.ChoiceField(SCHEDULES, required=False)
    warmup_steps = number_field(WholeField, LIMITS["warmup_steps"], required=False)
    min_snr_gamma = number_field(NumberField, LIMITS["min_snr_gamma"], required=False)
    noise_offset = number_field(NumberField, LIMITS["noise_offset"], required=False)
    caption_dropout = number_field(NumberField, LIMITS["caption_dropout"], required=False)
    flip = FlagField(required=False)
    prior_weight = number_field(NumberField, LIMITS["prior_weight"], required=False)
    prior_prompt = TextField(max_length=300, required=False, allow_blank=True)
    prior_pictures = number_field(WholeField, LIMITS["prior_pictures"], required=False)
    gradient_checkpointing = FlagField(required=False)
    cache = FlagField(required=False)
    folds = number_field(WholeField, LIMITS["folds"], required=False)
    sample_every = number_field(WholeField, LIMITS["sample_every"], required=False)
    sample_prompts = serializers.ListField(child=TextField(max_length=300), required=False, max_length=8)
    seed = number_field(WholeField, LIMITS["seed"], required=False)

    def recipe(self, user: User, dataset: DataSet) -> TrainingRecipe:
        """Raises Refusal: for the recipe, and for a preset or a checkpoint that is not there."""
        known = {name: value for name, value in self.validated_data.items() if name not in ("dataset", "name")}
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in known.items()
        }
        checkpoint = find_checkpoint(user, given.pop("checkpoint", ""))
        preset = given.pop("preset", FIRST_PRESET)
        if preset not in PRESETS:
            sentence = f"There is no preset “{preset}”; choose one of: {', '.join(PRESETS)}."
            raise Refusal("unknown-preset", sentence, field="preset")
        return with_preset(first_recipe(dataset, checkpoint), preset, checkpoint.family, **given)


class AlikeOutput(serializers.Serializer[Any]):
    """A sample, by its number from 0, that looks like a trained picture, by its name."""

    sample = serializers.IntegerField()
    picture = serializers.CharField()


class SnapshotOutput(serializers.ModelSerializer[Snapshot]):
    """The LoRA at one step. Similarities are cosines, -1 to 1, of latents in the checkpoint's own VAE.

    `closest` is the least PDQ distance, 0 to 256, of a sample to a trained picture; `memorised` names those too close.
    """

    memorised = serializers.SerializerMethodField()
    file = serializers.SerializerMethodField()

    class Meta:
        model = Snapshot
        fields = [
            "step", "training_loss", "validation_loss", "similarity_training", "similarity_validation", "closest",
            "memorised", "sha256", "size_bytes", "file",
        ]  # fmt: skip

    def get_file(self, snapshot: Snapshot) -> str | None:
        """The address of the LoRA at this step, as safetensors; null where a search gave it up."""
        return reverse("api-snapshot-file", args=[snapshot.run.code, snapshot.step]) if snapshot.file else None

    @extend_schema_field(AlikeOutput(many=True))
    def get_memorised(self, snapshot: Snapshot) -> list[dict[str, Any]]:
        return [{"sample": sample, "picture": picture} for sample, picture in snapshot.memorised if snapshot.step]


class PointOutput(serializers.Serializer[Any]):
    step = serializers.IntegerField()
    training_loss = serializers.FloatField()
    validation_loss = serializers.FloatField(allow_null=True)


class RunOutput(serializers.ModelSerializer[TrainingRun]):
    """A training as it stands. `credits` is what is held for it; less is charged when it stops early.

    `discard_cost` is what is kept of them when it is discarded now, or was kept when it was: the steps up to the last
    snapshot whose file you downloaded.
    """

    recipe = serializers.DictField(read_only=True, source="recipe_json")
    place = serializers.SerializerMethodField()
    discard_cost = serializers.SerializerMethodField()
    curve = serializers.SerializerMethodField()
    snapshots = SnapshotOutput(many=True, read_only=True)
    lora = serializers.SerializerMethodField()

    class Meta:
        model = TrainingRun
        fields = [
            "code", "name", "state", "credits", "discard_cost", "recipe", "place", "step", "steps", "seconds_left",
            "curve", "snapshots", "best_step", "best_reason", "lora", "error_code", "error_message", "created_at",
            "started_at", "finished_at",
        ]  # fmt: skip

    def get_place(self, run: TrainingRun) -> int | None:
        """Place in the queue, from 1, while the run waits."""
        return place_of(run)

    def get_discard_cost(self, run: TrainingRun) -> int:
        return discard_cost(run)

    @extend_schema_field(PointOutput(many=True))
    def get_curve(self, run: TrainingRun) -> list[dict[str, Any]]:
        names = ("step", "training_loss", "validation_loss")
        return [dict(zip(names, point, strict=True)) for point in run.curve]

    def get_lora(self, run: TrainingRun) -> str | None:
        """The word for prompts, once there is a LoRA."""
        return run.lora.name if run.lora is not None else None


class RunsView(generics.ListAPIView[TrainingRun]):
    """Your trainings, newest first; POST begins one."""

    scopes = {"POST": "train"}
    serializer_class = RunOutput
    queryset = TrainingRun.objects.none()

    def get_queryset(self) -> QuerySet[TrainingRun]:
        runs = TrainingRun.objects.of(user_of(self.request)).select_related("lora")
        return runs.prefetch_related("snapshots__run").newest()

    @extend_schema(
        request=TrainingInput,
        parameters=[OpenApiParameter("dry_run", bool, description="Only say what it would cost; nothing is queued.")],
        responses={202: RunOutput, 200: PriceOutput},
    )
    @idempotent_submission
    def post(self, request: Request) -> Response | Write:
        form = TrainingInput(data=request.data)
        form.is_valid(raise_exception=True)
        user = user_of(request)
        dataset = get_dataset(request, form.validated_data["dataset"])
        recipe = form.recipe(user, dataset)
        if is_dry_run(request):
            credits = quote_training(user, dataset, recipe)
            return Response({"credits": credits, "balance": balance_of(user)})
        name, prepared = check_name(form.validated_data["name"]), prepare(user, dataset, recipe)
        screen_training(user, prepared)

        def write() -> Response:
            run = write_training(user, dataset, prepared, name, token_of(request))
            return Response(RunOutput(run).data, status=202, headers={"Location": reverse("api-run", args=[run.code])})

        return write


class RunView(APIView):
    """One training of yours: its state, curve, snapshots, and its LoRA once it is done. DELETE removes an ended one."""

    scopes = {"DELETE": "train"}

    @extend_schema(responses=RunOutput)
    def get(self, request: Request, code: str) -> Response:
        return Response(RunOutput(get_run(request, code)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        """Its curve, snapshots and samples go; the LoRA that came of it stays."""
        controls.delete_run(get_run(request, code))
        return Response(status=204)


def controlled(request: Request, code: str, verb: Callable[[TrainingRun], None]) -> Response:
    verb(get_run(request, code))
    return Response(RunOutput(get_run(request, code)).data)


class PauseView(APIView):
    """Let a training rest; its place and its progress are kept."""

    scope = "train"

    @extend_schema(request=None, responses=RunOutput)
    def post(self, request: Request, code: str) -> Response:
        return controlled(request, code, controls.pause_run)


class ResumeView(APIView):
    """Go on with a paused training."""

    scope = "train"

    @extend_schema(request=None, responses=RunOutput)
    def post(self, request: Request, code: str) -> Response:
        return controlled(request, code, controls.resume_run)


class StopView(APIView):
    """End a training early and keep its best snapshot; only the steps done are charged."""

    scope = "train"

    @extend_schema(request=None, responses=RunOutput)
    def post(self, request: Request, code: str) -> Response:
        return controlled(request, code, controls.stop_run)


class DiscardView(APIView):
    """End a training and remove all that it made. Its credits come back but for `discard_cost`, which is kept."""

    scope = "train"

    @extend_schema(request=None, responses=RunOutput)
    def post(self, request: Request, code: str) -> Response:
        return controlled(request, code, controls.discard_run)


class SnapshotFileView(APIView):
    """The LoRA as it was at one step. Once you have it, the steps up to it are paid, also when you discard the run."""

    http_method_names = ["get", "options"]  # a HEAD would be paid for, and bring nothing

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, code: str, step: int) -> HttpResponse:
        run = get_run(request, code)
        snapshot = run.snapshots.filter(step=step).first()
        if snapshot is None or not hand_out(snapshot):
            raise NotFound("not-found", "There is no snapshot at this step.")
        return attachment(snapshot.file, f"{run.name}-{step}.safetensors")
