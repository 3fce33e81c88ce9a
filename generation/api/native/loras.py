"""The API's doors to LoRAs: the catalog, one's own (bring, describe, share, delete, merge), and files to download."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, parsers, permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import NotFound
from generation.api.access import HasScope, usable_loras, user_of
from generation.api.idempotency import Write, idempotent_submission, idempotent_upload
from generation.api.native.fields import NUMBER, FlagField, NumberField, TextField, WholeField, described
from generation.api.native.serializers import LoraOutput
from generation.catalog.loras.licences import CHOICES
from generation.catalog.loras.naming import DESCRIPTION_CHARS, MOST_WORDS, NAME, NAME_CHARS, TITLE_CHARS, WORD_CHARS
from generation.catalog.loras.sharing import MOST_PEOPLE, delete_lora, describe, downloadable, own_lora, share
from generation.catalog.loras.uploads import Upload, add_upload
from generation.catalog.loras.versions import follow
from generation.catalog.merges.submission import prepare_merge, write_merge
from generation.models import Lora, LoraMerge
from generation.recipes.picture import MAX_LORAS, WEIGHT_LIMIT
from generation.storage.downloads import streamed_attachment
from generation.weightfiles.lora_pairs import MAX_RANK


class UploadInput(serializers.Serializer[Any]):
    file = serializers.FileField(help_text="A .safetensors LoRA.", allow_empty_file=True)
    version_of = TextField(max_length=NAME_CHARS, required=False, help_text="An own LoRA's name.")


class DetailsInput(serializers.Serializer[Any]):
    """Everything is optional: what is left out stays."""

    title = TextField(max_length=TITLE_CHARS, required=False)
    name = TextField(max_length=NAME_CHARS, required=False, pattern=rf"^\s*{NAME}\s*$")
    description = TextField(max_length=DESCRIPTION_CHARS, required=False, allow_blank=True)
    trigger_words = serializers.ListField(child=TextField(max_length=WORD_CHARS), max_length=MOST_WORDS, required=False)
    licence = serializers.ChoiceField(choices=CHOICES, required=False)
    may_download = FlagField(required=False)
    version_of = TextField(
        max_length=NAME_CHARS + 10, required=False, help_text="An own LoRA's name; this one becomes its next version."
    )
    shared_with = serializers.ListField(
        child=TextField(max_length=150), max_length=MOST_PEOPLE, required=False, help_text="User names."
    )


WEIGHT = {**NUMBER, "minimum": -WEIGHT_LIMIT, "maximum": WEIGHT_LIMIT, "not": {"enum": [0]}}


class ParentInput(serializers.Serializer[Any]):
    name = TextField(max_length=NAME_CHARS + 10)
    weight = described(NumberField, WEIGHT, min_value=-WEIGHT_LIMIT, max_value=WEIGHT_LIMIT, default=1.0)


class MergeInput(serializers.Serializer[Any]):
    title = TextField(max_length=TITLE_CHARS)
    rank = WholeField(min_value=1, max_value=MAX_RANK, default=32)
    parents = serializers.ListField(child=ParentInput(), min_length=2, max_length=MAX_LORAS)


class MergeOutput(serializers.ModelSerializer[LoraMerge]):
    lora = serializers.SlugRelatedField[Any](slug_field="name", read_only=True, allow_null=True)

    class Meta:
        model = LoraMerge
        fields = ["code", "title", "rank", "state", "lora", "error_message", "created_at", "finished_at"]


class LorasView(generics.ListAPIView[Lora]):
    """The LoRAs that you and your token may use; POST brings one of your own, as multipart form data."""

    scopes = {"POST": "train"}
    serializer_class = LoraOutput
    permission_classes = [permissions.IsAuthenticatedOrReadOnly, HasScope]
    parser_classes = [parsers.MultiPartParser]

    def get_queryset(self) -> QuerySet[Lora]:
        return usable_loras(self.request)

    @extend_schema(request={"multipart/form-data": UploadInput}, responses={201: LoraOutput})
    @idempotent_upload
    def post(self, request: Request) -> Response:
        form = UploadInput(data=request.data)
        form.is_valid(raise_exception=True)
        user, file = user_of(request), form.validated_data["file"]
        former = own_lora(user, form.validated_data["version_of"]) if "version_of" in form.validated_data else None
        lora = add_upload(user, Upload(file.name, file.size, file.chunks(), former))
        address = reverse("api-lora", args=[lora.name])
        return Response(LoraOutput(lora).data, status=201, headers={"Location": address})


class LoraView(APIView):
    """One LoRA that you may use. PATCH changes your own, DELETE removes it."""

    scopes = {"PATCH": "train", "DELETE": "train"}
    permission_classes = [permissions.IsAuthenticatedOrReadOnly, HasScope]

    @extend_schema(responses=LoraOutput)
    def get(self, request: Request, name: str) -> Response:
        lora = Lora.objects.visible_to(request.user).named(name)
        if lora is None:
            raise NotFound("not-found", "There is no such LoRA.")
        return Response(LoraOutput(lora).data)

    @extend_schema(request=DetailsInput, responses=LoraOutput)
    def patch(self, request: Request, name: str) -> Response:
        lora = own_lora(user_of(request), name)
        form = DetailsInput(data=request.data)
        form.is_valid(raise_exception=True)
        changes = dict(form.validated_data)
        people, former = changes.pop("shared_with", None), changes.pop("version_of", None)
        with transaction.atomic():
            if former is not None:
                follow(lora, own_lora(user_of(request), former))
            describe(lora, **changes)
        if people is not None:
            share(lora, people)
        return Response(LoraOutput(lora).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        delete_lora(own_lora(user_of(request), name))
        return Response(status=204)


class LoraFileView(APIView):
    """The file itself, where it may be downloaded; counted."""

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, name: str) -> HttpResponseBase:
        row_and_path = downloadable(request.user, name)
        if row_and_path is None:
            raise NotFound("not-found", "There is no such file, or it is not to be downloaded.")
        lora, path = row_and_path
        return streamed_attachment(path, f"{lora.name}.safetensors")


class MergesView(generics.ListAPIView[LoraMerge]):
    """Your merges, newest first; POST asks for one. It costs no credits."""

    scopes = {"POST": "train"}
    serializer_class = MergeOutput
    queryset = LoraMerge.objects.none()

    def get_queryset(self) -> QuerySet[LoraMerge]:
        rows: QuerySet[LoraMerge] = LoraMerge.objects.of(self.request.user).select_related("lora").newest()
        return rows

    @extend_schema(request=MergeInput, responses={202: MergeOutput})
    @idempotent_submission
    def post(self, request: Request) -> Write:
        form = MergeInput(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        weights = {parent["name"]: parent["weight"] for parent in data["parents"]}
        merge = prepare_merge(user_of(request), weights, data["rank"], data["title"])
        return lambda: Response(MergeOutput(write_merge(merge)).data, status=202)
