"""The API's doors to grids of the lab: price, make, watch, cancel."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.credits import balance_of
from accounts.refusals import NotFound
from generation.api.access import token_of, user_of
from generation.api.idempotency import Write, idempotent_submission, is_dry_run
from generation.api.native.fields import NumberField, TextField, WholeField, number_field
from generation.api.native.serializers import PriceOutput, RecipeInput
from generation.jobs.grids.submission import cancel_grid, prepare_grid, price_of, write_grid
from generation.models import GeneratedImage, LabGrid
from generation.recipes.grids.axes import AXES, MOST_VALUES, Axis
from generation.recipes.grids.mixing import POINTS, Mix
from generation.recipes.grids.plan import GridPlan


class AxisInput(serializers.Serializer[Any]):
    """Values are texts, as they are typed on the page: numbers may be ranges such as `1-5` or `0-1 [5]`."""

    field = serializers.ChoiceField(choices=sorted(AXES))
    values = serializers.ListField(child=TextField(max_length=2000), min_length=1, max_length=MOST_VALUES)
    target = TextField(max_length=200, default="", allow_blank=True)


MIX_POINTS = (min(low for low, _ in POINTS.values()), max(high for _, high in POINTS.values()))


class MixInput(serializers.Serializer[Any]):
    loras = serializers.ListField(child=TextField(max_length=100), min_length=2, max_length=4)
    points = number_field(WholeField, MIX_POINTS, default=5)
    strength = number_field(NumberField, (0, 2), above=True, default=1.0)


class GridInput(RecipeInput):
    """A recipe that all cells share, and either `axes` (columns, rows, sheets) or a `mix` of LoRAs."""

    axes = serializers.ListField(child=AxisInput(), default=list, max_length=3)
    mix = MixInput(required=False, allow_null=True, default=None)

    def plan(self, user: Any) -> GridPlan:
        axes, mix = self.validated_data.pop("axes"), self.validated_data.pop("mix")
        recipe = self.recipe(user)
        return GridPlan(
            recipe,
            tuple(read_axis(**axis) for axis in axes),
            Mix(tuple(mix["loras"]), mix["points"], mix["strength"]) if mix else None,
        )


def read_axis(field: str, values: list[str], target: str) -> Axis:
    quoted = ", ".join('"' + value.replace('"', '""') + '"' for value in values)
    return Axis.read(field, quoted, target)


class GridOutput(serializers.ModelSerializer[LabGrid]):
    title = serializers.CharField(source="plan.title")
    image = serializers.SerializerMethodField()
    jobs = serializers.SerializerMethodField()

    class Meta:
        model = LabGrid
        fields = ["code", "title", "prompt", "state", "credits", "image", "jobs", "created_at", "finished_at"]

    def get_image(self, grid: LabGrid) -> str | None:
        """Address of the one picture of all cells, once it is made."""
        image: GeneratedImage | None = getattr(grid, "image", None)
        return reverse("api-image", args=[image.code]) if image is not None and image.deleted_at is None else None

    def get_jobs(self, grid: LabGrid) -> list[str]:
        """Addresses of the cells' jobs, row by row."""
        return [reverse("api-job", args=[code]) for code in grid.jobs.values_list("code", flat=True)]


def get_grid(request: Request, code: str) -> LabGrid:
    grid: LabGrid | None = LabGrid.objects.of(request.user).filter(code=code).select_related("image").first()
    if grid is None:
        raise NotFound("not-found", "There is no such grid, or it is not yours.")
    return grid


class GridsView(generics.ListAPIView[LabGrid]):
    """Your grids, newest first; POST draws one."""

    serializer_class = GridOutput
    queryset = LabGrid.objects.none()

    def get_queryset(self) -> QuerySet[LabGrid]:
        rows: QuerySet[LabGrid] = LabGrid.objects.of(self.request.user).select_related("image").newest()
        return rows

    @extend_schema(
        request=GridInput,
        parameters=[OpenApiParameter("dry_run", bool, description="Only say what it would cost; nothing is queued.")],
        responses={202: GridOutput, 200: PriceOutput},
    )
    @idempotent_submission
    def post(self, request: Request) -> Response | Write:
        form = GridInput(data=request.data)
        form.is_valid(raise_exception=True)
        user = user_of(request)
        plan = form.plan(user)
        if is_dry_run(request):
            return Response({"credits": price_of(user, plan), "balance": balance_of(user)})
        recipes = prepare_grid(user, plan)

        def write() -> Response:
            grid = write_grid(user, plan, recipes, token_of(request))
            address = reverse("api-grid", args=[grid.code])
            return Response(GridOutput(grid).data, status=202, headers={"Location": address})

        return write


class GridView(APIView):
    """One grid of yours: its jobs, and its picture once all of them have ended."""

    @extend_schema(responses=GridOutput)
    def get(self, request: Request, code: str) -> Response:
        return Response(GridOutput(get_grid(request, code)).data)


class GridCancelView(APIView):
    """Cancel the cells that have not ended; what is drawn stays."""

    @extend_schema(request=None, responses=GridOutput)
    def post(self, request: Request, code: str) -> Response:
        cancel_grid(get_grid(request, code))
        return Response(GridOutput(get_grid(request, code)).data)
