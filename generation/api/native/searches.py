"""The API's doors to searches: several trainings, the worse half given up again and again. One training is `runs`'."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.credits import balance_of
from accounts.refusals import NotFound
from generation.api.access import get_dataset, token_of, user_of
from generation.api.idempotency import Write, idempotent_submission, is_dry_run
from generation.api.native.fields import Field, NumberField, WholeField, number_field
from generation.api.native.runs import LIMITS, PointOutput, TrainingInput
from generation.api.native.serializers import PriceOutput
from generation.models import TrainingSearch
from generation.recipes.training import OPTIMIZERS, SCHEDULES
from generation.training.searches.halving import spent_on
from generation.training.searches.submission import (
    MAX_CANDIDATES,
    cancel_search,
    delete_search,
    prepare_search,
    quote_search,
    write_search,
)
from generation.training.searches.summaries import CandidateView, table_of


def values_of(child: Field) -> serializers.ListField:
    return serializers.ListField(child=child, required=False, min_length=1, max_length=MAX_CANDIDATES)


class AxesInput(serializers.Serializer[Any]):
    """The values to try of each field; every combination is a candidate."""

    rank = values_of(number_field(WholeField, LIMITS["rank"]))
    alpha = values_of(number_field(NumberField, LIMITS["alpha"]))
    learning_rate = values_of(number_field(NumberField, LIMITS["learning_rate"]))
    steps = values_of(number_field(WholeField, LIMITS["steps"]))
    batch = values_of(number_field(WholeField, LIMITS["batch"]))
    optimizer = values_of(serializers.ChoiceField(OPTIMIZERS))
    schedule = values_of(serializers.ChoiceField(SCHEDULES))
    min_snr_gamma = values_of(number_field(NumberField, LIMITS["min_snr_gamma"]))
    noise_offset = values_of(number_field(NumberField, LIMITS["noise_offset"]))
    caption_dropout = values_of(number_field(NumberField, LIMITS["caption_dropout"]))


class SearchInput(TrainingInput):
    """A training, and what to vary in it. Without a `budget` the search may cost all that you have."""

    axes = AxesInput()
    budget = WholeField(required=False, min_value=1, max_value=1_000_000)

    def axes_given(self) -> dict[str, list[Any]]:
        """As they were sent; a name that is no axis is left for the verb to refuse. Call it before `recipe`."""
        known = self.validated_data.pop("axes")
        return {str(name): known.get(name, []) for name in self.initial_data["axes"]}


class CandidateOutput(serializers.Serializer[CandidateView]):
    """One training of the search. `credits` is what it has cost so far."""

    code = serializers.CharField(source="run.code")
    name = serializers.CharField(source="run.name")
    run = serializers.SerializerMethodField()
    values = serializers.SerializerMethodField()
    state = serializers.CharField(source="run.state")
    step = serializers.IntegerField(source="run.step")
    steps = serializers.IntegerField(source="run.steps")
    best_validation = serializers.FloatField(allow_null=True)
    credits = serializers.IntegerField()
    error_code = serializers.CharField(source="run.error_code")
    lora = serializers.SerializerMethodField()
    curve = serializers.SerializerMethodField()

    def get_run(self, view: CandidateView) -> str:
        """The address of the training."""
        return reverse("api-run", args=[view.run.code])

    def get_values(self, view: CandidateView) -> dict[str, Any]:
        """What it tries, by field."""
        axes = view.run.search.axes if view.run.search is not None else {}
        return dict(zip(axes, view.values, strict=True))

    def get_lora(self, view: CandidateView) -> str | None:
        """The word for prompts, where it became a LoRA."""
        return view.run.lora.name if view.run.lora is not None else None

    @extend_schema_field(PointOutput(many=True))
    def get_curve(self, view: CandidateView) -> list[dict[str, Any]]:
        names = ("step", "training_loss", "validation_loss")
        return [dict(zip(names, point, strict=True)) for point in view.curve]


class SearchOutput(serializers.ModelSerializer[TrainingSearch]):
    """A search as it stands. `credits` is what is held for it at most, `spent` what it has cost so far."""

    axes = serializers.DictField(read_only=True)
    recipe = serializers.DictField(read_only=True, source="recipe_json")
    rungs = serializers.ListField(child=serializers.IntegerField(), read_only=True)
    spent = serializers.SerializerMethodField()

    class Meta:
        model = TrainingSearch
        fields = [
            "code", "name", "state", "axes", "recipe", "rungs", "budget", "credits", "spent", "created_at",
            "finished_at",
        ]  # fmt: skip

    def get_spent(self, search: TrainingSearch) -> int:
        return spent_on(search)


class SearchTableOutput(SearchOutput):
    """With its candidates, the best first."""

    candidates = serializers.SerializerMethodField()

    class Meta(SearchOutput.Meta):
        fields = [*SearchOutput.Meta.fields, "candidates"]

    @extend_schema_field(CandidateOutput(many=True))
    def get_candidates(self, search: TrainingSearch) -> list[dict[str, Any]]:
        return [CandidateOutput(view).data for view in table_of(search)]


def get_search(request: Request, code: str) -> TrainingSearch:
    search: TrainingSearch | None = TrainingSearch.objects.of(request.user).filter(code=code).first()
    if search is None:
        raise NotFound("not-found", "There is no such search, or it is not yours.")
    return search


class SearchesView(generics.ListAPIView[TrainingSearch]):
    """Your searches, newest first; POST begins one."""

    scopes = {"POST": "train"}
    serializer_class = SearchOutput
    queryset = TrainingSearch.objects.none()

    def get_queryset(self) -> QuerySet[TrainingSearch]:
        rows: QuerySet[TrainingSearch] = TrainingSearch.objects.of(self.request.user).newest()
        return rows

    @extend_schema(
        request=SearchInput,
        parameters=[
            OpenApiParameter("dry_run", bool, description="Only say what it costs at most; nothing is queued.")
        ],
        responses={202: SearchTableOutput, 200: PriceOutput},
    )
    @idempotent_submission
    def post(self, request: Request) -> Response | Write:
        form = SearchInput(data=request.data)
        form.is_valid(raise_exception=True)
        user = user_of(request)
        axes, budget = form.axes_given(), form.validated_data.pop("budget", None)
        dataset = get_dataset(request, form.validated_data["dataset"])
        recipe = form.recipe(user, dataset)
        if is_dry_run(request):
            return Response({"credits": quote_search(user, dataset, recipe, axes), "balance": balance_of(user)})
        prepared = prepare_search(user, dataset, recipe, form.validated_data["name"], axes)

        def write() -> Response:
            search = write_search(user, dataset, prepared, budget, token_of(request))
            address = reverse("api-search", args=[search.code])
            return Response(SearchTableOutput(search).data, status=202, headers={"Location": address})

        return write


class SearchView(APIView):
    """One search of yours: its candidates, the best first, with their curves. DELETE removes an ended one."""

    scopes = {"DELETE": "train"}

    @extend_schema(responses=SearchTableOutput)
    def get(self, request: Request, code: str) -> Response:
        return Response(SearchTableOutput(get_search(request, code)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        """Its trainings, curves, snapshots and samples go; the LoRA that came of it stays."""
        delete_search(get_search(request, code))
        return Response(status=204)


class SearchCancelView(APIView):
    """End a search: of what still trains only that is charged which you downloaded; no LoRA is kept."""

    scope = "train"

    @extend_schema(request=None, responses=SearchTableOutput)
    def post(self, request: Request, code: str) -> Response:
        cancel_search(get_search(request, code))
        return Response(SearchTableOutput(get_search(request, code)).data)
