"""The API's doors to grids of the lab: price, make, watch, cancel."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
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
from generation.api.native.fields import CodeField, FlagField, NumberField, TextField, WholeField, number_field
from generation.api.native.recipe_fields import api_field
from generation.api.native.serializers import PriceOutput, RecipeInput
from generation.jobs.grids.submission import cancel_grid, prepare_grid, price_of, write_grid
from generation.jobs.pinning import picture_of
from generation.jobs.submission import random_seed
from generation.models import GeneratedImage, LabGrid
from generation.recipes.checks import MAX_SEED
from generation.recipes.fields import FIELDS
from generation.recipes.grids.axes import AXES, MOST_VALUES, Axis
from generation.recipes.grids.between import FRAMES, KINDS, RATES, Between
from generation.recipes.grids.mixing import POINTS, Mix
from generation.recipes.grids.plan import GridPlan
from generation.storage.downloads import FILMS, film_attachment, film_of


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


class BetweenInput(serializers.Serializer[Any]):
    """Pictures on the way from the recipe to another seed or prompt, or from one picture to another."""

    kind = serializers.ChoiceField(choices=[*KINDS])
    frames = number_field(WholeField, FRAMES, default=12)
    rate = number_field(WholeField, RATES, default=8)
    loop = FlagField(default=True)
    seed = number_field(WholeField, (0, MAX_SEED), allow_null=True, default=None)
    prompt = api_field(
        FIELDS["negative_prompt"], default="", help_text="The other end's; of pictures, what the second one shows."
    )
    pictures = serializers.ListField(
        child=CodeField(max_length=64), default=list, max_length=2, help_text="Codes of two pictures."
    )


def way_of(user: Any, data: dict[str, Any]) -> Between:
    seed = random_seed() if data["seed"] is None else data["seed"]
    return Between(**{**data, "seed": seed, "pictures": tuple(picture_of(user, code) for code in data["pictures"])})


class GridInput(RecipeInput):
    """A recipe that all cells share, and one of `axes` (columns, rows, sheets), `mix` (LoRAs) and `between` (a way)."""

    axes = serializers.ListField(child=AxisInput(), default=list, max_length=3)
    mix = MixInput(required=False, allow_null=True, default=None)
    between = BetweenInput(required=False, allow_null=True, default=None)

    def plan(self, user: Any) -> GridPlan:
        axes, mix, between = (self.validated_data.pop(name) for name in ("axes", "mix", "between"))
        recipe = self.recipe(user)
        return GridPlan(
            recipe,
            tuple(read_axis(**axis) for axis in axes),
            Mix(tuple(mix["loras"]), mix["points"], mix["strength"]) if mix else None,
            way_of(user, between) if between else None,
        )


def read_axis(field: str, values: list[str], target: str) -> Axis:
    quoted = ", ".join('"' + value.replace('"', '""') + '"' for value in values)
    return Axis.read(field, quoted, target)


class GridOutput(serializers.ModelSerializer[LabGrid]):
    title = serializers.CharField(source="plan.title")
    image = serializers.SerializerMethodField()
    films = serializers.SerializerMethodField()
    jobs = serializers.SerializerMethodField()

    class Meta:
        model = LabGrid
        fields = ["code", "title", "prompt", "state", "credits", "image", "films", "jobs", "created_at", "finished_at"]

    def get_image(self, grid: LabGrid) -> str | None:
        """Address of the one picture of all cells, once it is made."""
        image: GeneratedImage | None = getattr(grid, "image", None)
        return reverse("api-image", args=[image.code]) if image is not None and image.deleted_at is None else None

    def get_films(self, grid: LabGrid) -> dict[str, str]:
        """Addresses of a way's film by format, `mp4` and `webp`, once it is made."""
        image: GeneratedImage | None = getattr(grid, "image", None)
        if image is None or image.deleted_at is not None:
            return {}
        made = {"mp4": image.film_file, "webp": image.animation_file}
        return {kind: reverse("api-grid-film", args=[grid.code, kind]) for kind, name in made.items() if name}

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


class GridFilmView(APIView):
    """The film of a way between two ends: `mp4` or `webp`."""

    @extend_schema(responses={(200, "video/mp4"): bytes, (200, "image/webp"): bytes})
    def get(self, request: Request, code: str, kind: str) -> HttpResponse:
        image: GeneratedImage | None = getattr(get_grid(request, code), "image", None)
        if image is None or image.deleted_at is not None or kind not in FILMS or not film_of(image, kind):
            raise NotFound("not-found", "This grid has no such film.")
        return film_attachment(image, kind)


class GridCancelView(APIView):
    """Cancel the cells that have not ended; what is drawn stays."""

    @extend_schema(request=None, responses=GridOutput)
    def post(self, request: Request, code: str) -> Response:
        cancel_grid(get_grid(request, code))
        return Response(GridOutput(get_grid(request, code)).data)
