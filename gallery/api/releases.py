"""The API's doors to releases: a LoRA of yours is sent in for everybody, watched, and taken back."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import NotFound
from gallery.api.views import person
from gallery.models import Release
from gallery.releasing import MOST_SAMPLES, release_lora, withdraw_release
from generation.api.idempotency import idempotent
from generation.api.native.fields import TextField
from generation.catalog.loras.sharing import own_lora


class ReleaseInput(serializers.Serializer[Any]):
    lora = TextField(max_length=100, help_text="The name of a LoRA of yours.")
    samples = serializers.ListField(
        child=TextField(max_length=16),
        min_length=1,
        max_length=MOST_SAMPLES,
        help_text="Codes of pictures of yours that were drawn with it.",
    )


class ReleaseOutput(serializers.ModelSerializer[Release]):
    lora = serializers.SlugRelatedField[Any](slug_field="name", read_only=True)
    reason = serializers.CharField(source="told_reason", read_only=True, help_text="Why it is not public.")
    samples = serializers.SerializerMethodField()

    class Meta:
        model = Release
        fields = ["code", "lora", "title", "licence", "trigger_words", "state", "reason", "samples", "submitted_at"]

    def get_samples(self, release: Release) -> list[str]:
        """Addresses of its pictures."""
        places = release.samples.filter(image__deleted_at=None).values_list("place", flat=True)
        return [reverse("release-sample", args=[release.code, place]) for place in places]


def get_release(request: Request, code: str) -> Release:
    release = Release.objects.of(request.user).filter(code=code).select_related("lora").first()
    if release is None:
        raise NotFound("not-found", "There is no such release, or it is not yours.")
    return release


class ReleasesView(generics.ListAPIView[Release]):
    """Your releases, newest first; POST sends a LoRA in."""

    scopes = {"POST": "publish"}
    serializer_class = ReleaseOutput
    queryset = Release.objects.none()

    def get_queryset(self) -> QuerySet[Release]:
        return Release.objects.of(self.request.user).select_related("lora").order_by("-id")

    @extend_schema(request=ReleaseInput, responses={201: ReleaseOutput})
    @idempotent
    def post(self, request: Request) -> Response:
        form = ReleaseInput(data=request.data)
        form.is_valid(raise_exception=True)
        user = person(request)
        release = release_lora(user, own_lora(user, form.validated_data["lora"]), form.validated_data["samples"])
        address = reverse("api-release", args=[release.code])
        return Response(ReleaseOutput(release).data, status=201, headers={"Location": address})


class ReleaseView(APIView):
    """One release of yours. DELETE withdraws it: nobody else can pick the LoRA any more."""

    scopes = {"DELETE": "publish"}

    @extend_schema(responses=ReleaseOutput)
    def get(self, request: Request, code: str) -> Response:
        return Response(ReleaseOutput(get_release(request, code)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        withdraw_release(person(request), get_release(request, code))
        return Response(status=204)
