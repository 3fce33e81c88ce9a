"""The API's doors to what recipes may name: checkpoints, VAEs, embeddings, samplers. LoRAs are `loras`'."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import Refusal
from generation.api.access import HasScope, usable_checkpoints
from generation.api.native.serializers import CheckpointOutput
from generation.models import Checkpoint, Embedding, Vae
from generation.models.catalog import FAMILY_TITLES
from generation.recipes.sampling import TABLE

FAMILY = OpenApiParameter("family", str, enum=[*FAMILY_TITLES], description="Those that fit with it.")


class EmbeddingOutput(serializers.ModelSerializer[Embedding]):
    class Meta:
        model = Embedding
        fields = ["name", "title", "family", "sha256", "autov2", "licence", "description", "tokens"]


class VaeOutput(serializers.ModelSerializer[Vae]):
    class Meta:
        model = Vae
        fields = ["name", "title", "family", "sha256", "autov2", "licence", "description"]


class SamplerOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    schedules = serializers.ListField(child=serializers.CharField(), help_text="Those that it can follow.")
    most_steps = serializers.IntegerField(allow_null=True, help_text="Null: as many as a recipe may have.")
    second_order = serializers.BooleanField(help_text="Whether a step costs as long as two.")


class WeightsView(generics.ListAPIView[Any]):
    """What one may use of one kind of weight files."""

    permission_classes = [permissions.AllowAny, HasScope]
    model: Any

    def usable(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model.objects.usable_by(self.request.user)
        return rows

    @extend_schema(parameters=[FAMILY])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        rows = self.usable()
        family = self.request.query_params.get("family", "")
        if family and family not in FAMILY_TITLES:
            raise Refusal("bad-family", f"A family is {', '.join(FAMILY_TITLES)}.", field="family")
        return rows.filter(family=family) if family else rows


class CheckpointsView(WeightsView):
    """The checkpoints that you and your token may use."""

    model = Checkpoint
    queryset = Checkpoint.objects.none()
    serializer_class = CheckpointOutput

    def usable(self) -> QuerySet[Any]:
        return usable_checkpoints(self.request)


class EmbeddingsView(WeightsView):
    """The embeddings that you may use: each is a word for prompts."""

    model = Embedding
    queryset = Embedding.objects.none()
    serializer_class = EmbeddingOutput


class VaesView(WeightsView):
    """The VAEs that you may use instead of a checkpoint's own."""

    model = Vae
    queryset = Vae.objects.none()
    serializer_class = VaeOutput


class SamplersView(APIView):
    """The samplers and the noise schedules that each can follow."""

    permission_classes = [permissions.AllowAny, HasScope]

    @extend_schema(operation_id="samplers_list", responses=SamplerOutput(many=True))
    def get(self, request: Request) -> Response:
        rows = [
            {"name": name, "schedules": row.schedules, "most_steps": row.most_steps, "second_order": row.second_order}
            for name, row in TABLE.items()
        ]
        return Response(SamplerOutput(rows, many=True).data)
