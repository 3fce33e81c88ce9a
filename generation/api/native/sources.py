"""The API's doors to pictures to start from: bring, list, look, delete. Rules live in the verbs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import NotFound
from generation.api.access import user_of
from generation.api.idempotency import idempotent, idempotent_upload
from generation.jobs.sources import alpha_mask_of, bring_picture, delete_source
from generation.models import SourcePicture
from generation.storage.downloads import attachment


class SourceInput(serializers.Serializer[Any]):
    """A PNG, JPEG or WebP. It is turned upright, and its EXIF is dropped."""

    file = serializers.FileField()


class SourceOutput(serializers.ModelSerializer[SourcePicture]):
    """`has_alpha`: what is transparent may be taken as a mask. `expires_at` is when it is deleted, unless a kept
    picture was made from it."""

    class Meta:
        model = SourcePicture
        fields = ["code", "name", "width", "height", "size_bytes", "sha256", "has_alpha", "created_at", "expires_at"]


def get_source(request: Request, code: str) -> SourcePicture:
    source = SourcePicture.objects.of(user_of(request)).filter(code=code).first()
    if source is None:
        raise NotFound("not-found", "There is no such picture, or it is not yours.")
    return source


def made(source: SourcePicture) -> Response:
    address = reverse("api-source", args=[source.code])
    return Response(SourceOutput(source).data, status=201, headers={"Location": address})


class SourcesView(generics.ListAPIView[SourcePicture]):
    """Your pictures to start from, newest first; POST brings one. The same picture again is kept for longer."""

    serializer_class = SourceOutput
    queryset = SourcePicture.objects.none()
    parser_classes = [MultiPartParser]

    def get_queryset(self) -> QuerySet[SourcePicture]:
        return SourcePicture.objects.of(user_of(self.request)).newest()

    @extend_schema(request=SourceInput, responses={201: SourceOutput})
    @idempotent_upload
    def post(self, request: Request) -> Response:
        form = SourceInput(data=request.data)
        form.is_valid(raise_exception=True)
        return made(bring_picture(user_of(request), form.validated_data["file"]))


class SourceView(APIView):
    """One picture to start from; DELETE removes it at once. A job that still waits for it fails, and is refunded."""

    @extend_schema(responses=SourceOutput)
    def get(self, request: Request, code: str) -> Response:
        return Response(SourceOutput(get_source(request, code)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        delete_source(get_source(request, code))
        return Response(status=204)


class SourceFileView(APIView):
    """The kept picture as a PNG."""

    @extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY})
    def get(self, request: Request, code: str) -> HttpResponse:
        source = get_source(request, code)
        return attachment(source.file, f"{source.code}.png", "image/png")


class SourceSmallView(APIView):
    """A small WebP of it, to be shown in a list."""

    @extend_schema(responses={(200, "image/webp"): OpenApiTypes.BINARY})
    def get(self, request: Request, code: str) -> HttpResponse:
        source = get_source(request, code)
        return attachment(source.thumbnail, f"{source.code}.webp", "image/webp")


class SourceMaskView(APIView):
    """Take what is transparent of a picture as a mask: another picture, white where that one is transparent."""

    @extend_schema(request=None, responses={201: SourceOutput})
    @idempotent
    def post(self, request: Request, code: str) -> Response:
        return made(alpha_mask_of(user_of(request), get_source(request, code)))
