"""The API's doors to data sets: the same verbs as the studio's pages. Rules live in the verbs."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.refusals import NotFound, Refusal
from generation.api.access import get_dataset
from generation.api.idempotency import idempotent, idempotent_upload
from generation.api.native.fields import AgreedField, NumberField, TextField, WholeField, number_field
from generation.models import DataPicture, DataSet, GeneratedImage
from generation.recipes.checks import MAX_SEED
from generation.recipes.training import MAX_TRIGGER_CHARS
from generation.training.datasets.captioning import replace_in_captions, set_caption, surround_captions
from generation.training.datasets.cropping import set_crop, set_focus
from generation.training.datasets.lifecycle import (
    MAX_TITLE_CHARS,
    create_dataset,
    delete_dataset,
    describe_dataset,
    remove_picture,
)
from generation.training.datasets.preparing import MAX_CAPTION_CHARS
from generation.training.datasets.splitting import held_out_of, set_split
from generation.training.datasets.uploads import Collected, add_images, add_uploads

IMAGES_AT_ONCE = 100


class DataSetInput(serializers.Serializer[Any]):
    """`consent` says that you may use the pictures that you will add."""

    title = TextField(max_length=MAX_TITLE_CHARS)
    trigger = TextField(max_length=MAX_TRIGGER_CHARS, default="", allow_blank=True)
    consent = AgreedField()


class DataSetChange(serializers.Serializer[Any]):
    """What is left out stays. `held_out` null: a quarter of the pictures."""

    title = TextField(max_length=MAX_TITLE_CHARS, required=False)
    trigger = TextField(max_length=MAX_TRIGGER_CHARS, required=False, allow_blank=True)
    held_out = WholeField(required=False, allow_null=True, min_value=0, max_value=1000)
    seed = WholeField(required=False, min_value=0, max_value=MAX_SEED)


class PictureChange(serializers.Serializer[Any]):
    """What is left out stays. `crop`: left, top, right, bottom in 0..1; `focus`: x, y in 0..1; null: automatic."""

    caption = TextField(max_length=MAX_CAPTION_CHARS, required=False, allow_blank=True)
    crop = serializers.ListField(
        child=number_field(NumberField, (0, 1)), min_length=4, max_length=4, required=False, allow_null=True
    )
    focus = serializers.ListField(
        child=number_field(NumberField, (0, 1)), min_length=2, max_length=2, required=False, allow_null=True
    )


class CaptionsChange(serializers.Serializer[Any]):
    """One change to all captions: `find` is replaced by `put`, or words are added `before` and `after`."""

    find = TextField(max_length=MAX_CAPTION_CHARS, default="", allow_blank=True, trim_whitespace=False)
    put = TextField(max_length=MAX_CAPTION_CHARS, default="", allow_blank=True, trim_whitespace=False)
    before = TextField(max_length=MAX_CAPTION_CHARS, default="", allow_blank=True)
    after = TextField(max_length=MAX_CAPTION_CHARS, default="", allow_blank=True)


class ChangedOutput(serializers.Serializer[Any]):
    changed = serializers.IntegerField()


class PicturesInput(serializers.Serializer[Any]):
    """Pictures, zips of pictures, and `.txt` or `.caption` files that hold the captions of pictures of the same name.

    The picture may come along or be in the data set already.
    """

    files = serializers.ListField(child=serializers.FileField(allow_empty_file=True), max_length=200)
    similar_too = serializers.BooleanField(default=False, help_text="Take near-duplicates as well.")


class ImagesInput(serializers.Serializer[Any]):
    """Codes of pictures that you made here."""

    images = serializers.ListField(child=TextField(max_length=16), max_length=IMAGES_AT_ONCE)


class DataPictureOutput(serializers.ModelSerializer[DataPicture]):
    class Meta:
        model = DataPicture
        fields = ["code", "name", "width", "height", "caption", "crop", "focus", "sha256", "pdq"]


class RefusedOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    code = serializers.CharField()
    sentence = serializers.CharField()


class CollectedOutput(serializers.Serializer[Collected]):
    """What came in, what was there and got its caption from a file, and every file left out, by its name."""

    added = DataPictureOutput(many=True)
    captioned = DataPictureOutput(many=True)
    refused = RefusedOutput(many=True)


class DataSetSummary(serializers.ModelSerializer[DataSet]):
    class Meta:
        model = DataSet
        fields = ["code", "title", "trigger", "seed", "held_out", "created_at", "expires_at"]


class DataSetOutput(DataSetSummary):
    """`held_out_pictures` are the codes of those that a training of one fold never sees."""

    pictures = DataPictureOutput(many=True, read_only=True)
    held_out_pictures = serializers.SerializerMethodField()

    class Meta(DataSetSummary.Meta):
        fields = [*DataSetSummary.Meta.fields, "pictures", "held_out_pictures"]

    def get_held_out_pictures(self, dataset: DataSet) -> list[str]:
        return list(dataset.pictures.filter(pk__in=held_out_of(dataset)).values_list("code", flat=True))


def get_picture(request: Request, code: str, picture: str) -> DataPicture:
    row: DataPicture | None = get_dataset(request, code).pictures.filter(code=picture).first()
    if row is None:
        raise NotFound("not-found", "There is no such picture, or it is not yours.")
    return row


class DataSetsView(generics.ListAPIView[DataSet]):
    """Your data sets, newest first; POST begins one."""

    scopes = {"POST": "train"}
    serializer_class = DataSetSummary
    queryset = DataSet.objects.none()

    def get_queryset(self) -> QuerySet[DataSet]:
        return DataSet.objects.of(self.request.user).newest()

    @extend_schema(request=DataSetInput, responses={201: DataSetOutput})
    @idempotent
    def post(self, request: Request) -> Response:
        form = DataSetInput(data=request.data)
        form.is_valid(raise_exception=True)
        dataset = create_dataset(cast(User, request.user), **form.validated_data)
        address = reverse("api-dataset", args=[dataset.code])
        return Response(DataSetOutput(dataset).data, status=201, headers={"Location": address})


class DataSetView(APIView):
    """One data set of yours with its pictures; PATCH changes its words and its split, DELETE removes it."""

    scopes = {"PATCH": "train", "DELETE": "train"}

    @extend_schema(responses=DataSetOutput)
    def get(self, request: Request, code: str) -> Response:
        return Response(DataSetOutput(get_dataset(request, code)).data)

    @extend_schema(request=DataSetChange, responses=DataSetOutput)
    def patch(self, request: Request, code: str) -> Response:
        dataset = get_dataset(request, code)
        form = DataSetChange(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        if "title" in data or "trigger" in data:
            describe_dataset(dataset, data.get("title", dataset.title), data.get("trigger", dataset.trigger))
        if "held_out" in data or "seed" in data:
            set_split(dataset, data.get("held_out", dataset.held_out), data.get("seed", dataset.seed))
        return Response(DataSetOutput(dataset).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        delete_dataset(get_dataset(request, code))
        return Response(status=204)


class DataPicturesView(APIView):
    """Add pictures. Good ones are kept whatever happens to others; each refused one is named with the reason."""

    scope = "train"
    parser_classes = [MultiPartParser]

    @extend_schema(request=PicturesInput, responses={201: CollectedOutput})
    @idempotent_upload
    def post(self, request: Request, code: str) -> Response:
        dataset = get_dataset(request, code)
        form = PicturesInput(data=request.data)
        form.is_valid(raise_exception=True)
        collected = add_uploads(dataset, form.validated_data["files"], similar_too=form.validated_data["similar_too"])
        return Response(CollectedOutput(collected).data, status=201)


class DataImagesView(APIView):
    """Add pictures that you made here, with their prompts as captions."""

    scope = "train"

    @extend_schema(request=ImagesInput, responses={201: CollectedOutput})
    @idempotent_upload
    def post(self, request: Request, code: str) -> Response:
        dataset = get_dataset(request, code)
        form = ImagesInput(data=request.data)
        form.is_valid(raise_exception=True)
        mine = GeneratedImage.objects.of(request.user).kept().filter(code__in=form.validated_data["images"])
        return Response(CollectedOutput(add_images(dataset, mine.order_by("pk"))).data, status=201)


class DataPictureView(APIView):
    """One picture of a data set; PATCH changes caption, crop and focus, DELETE takes it out."""

    scope = "train"

    @extend_schema(request=PictureChange, responses=DataPictureOutput)
    def patch(self, request: Request, code: str, picture: str) -> Response:
        row = get_picture(request, code, picture)
        form = PictureChange(data=request.data)
        form.is_valid(raise_exception=True)
        if "caption" in form.validated_data:
            set_caption(row, form.validated_data["caption"])
        if "crop" in form.validated_data:
            set_crop(row, form.validated_data["crop"])
        if "focus" in form.validated_data:
            set_focus(row, form.validated_data["focus"])
        return Response(DataPictureOutput(row).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str, picture: str) -> Response:
        remove_picture(get_picture(request, code, picture))
        return Response(status=204)


class CaptionsView(APIView):
    """Change all captions of a data set at once."""

    scope = "train"

    @extend_schema(request=CaptionsChange, responses=ChangedOutput)
    @idempotent
    def post(self, request: Request, code: str) -> Response:
        dataset = get_dataset(request, code)
        form = CaptionsChange(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        if bool(data["find"]) == bool(data["before"] or data["after"]):
            raise Refusal("one-change", "Send either `find` and `put`, or `before` and `after`.", field="find")
        if data["find"]:
            return Response({"changed": replace_in_captions(dataset, data["find"], data["put"])})
        return Response({"changed": surround_captions(dataset, data["before"], data["after"])})
