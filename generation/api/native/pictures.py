"""The API's doors to pictures: fetch-or-refuse, one verb, one answer. Rules live in the verbs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import Refusal
from generation.api.access import check_days, check_lengths, get_image, is_asked, user_of
from generation.api.idempotency import idempotent
from generation.api.native.fields import DAY, text_parameter
from generation.api.native.serializers import ImageChange, ImageOutput
from generation.jobs.albums import own_album
from generation.jobs.deletion import delete_images
from generation.jobs.filing import star_images
from generation.jobs.finding import LONGEST, PictureFilters
from generation.jobs.submission import submit_tracing
from generation.models import GeneratedImage
from generation.storage.downloads import attachment, picture_attachment
from generation.storage.thumbnails import SIDES, USUAL

ASKED = {
    "q": "Words of the prompt; each begins some word of it.",
    "album": "Code of an album of yours.",
    "checkpoint": "Name of the checkpoint.",
    "lora": "Name of a LoRA.",
}
SIZE: dict[str, Any] = {"type": "string", "maxLength": 11, "pattern": "^[0-9]{1,5}x[0-9]{1,5}$"}
FILTERS = [
    *(text_parameter(name, LONGEST, words) for name, words in ASKED.items()),
    OpenApiParameter("size", SIZE, description="Width and height, such as 512x768."),
    OpenApiParameter("since", DAY, description="Made on this day or later (UTC)."),
    OpenApiParameter("until", DAY, description="Made on this day or earlier."),
    OpenApiParameter("starred", bool, description="Those with a star."),
]
SIDE = OpenApiParameter(
    "side", {"type": "integer", "enum": sorted(SIDES.values())}, description="Pixels of its longer side, at most."
)


def check_size(query: Mapping[str, str]) -> None:
    """Raise Refusal for a size that is none, as is an empty one."""
    if "size" in query and not re.fullmatch(SIZE["pattern"], query["size"]):
        raise Refusal("bad-size", "A size is written as width x height, such as 512x768.", field="size")


class ImagesView(generics.ListAPIView[GeneratedImage]):
    """Your pictures, newest first; those that have all that is asked for."""

    serializer_class = ImageOutput
    queryset = GeneratedImage.objects.none()

    @extend_schema(parameters=FILTERS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[GeneratedImage]:
        check_lengths(self.request.query_params, ASKED, LONGEST)
        check_days(self.request.query_params)
        is_asked(self.request, "starred")
        check_size(self.request.query_params)
        filters = PictureFilters.of(self.request.query_params)
        album = own_album(user_of(self.request), filters.album) if filters.album else None
        rows = GeneratedImage.objects.of(user_of(self.request)).kept()
        return filters.apply(rows, album.pk if album else None).newest()


class ImageView(APIView):
    """One picture of yours with its recipe; PATCH stars it or takes the star off, DELETE removes it."""

    @extend_schema(responses=ImageOutput)
    def get(self, request: Request, code: str) -> Response:
        return Response(ImageOutput(get_image(request, code)).data)

    @extend_schema(request=ImageChange, responses=ImageOutput)
    def patch(self, request: Request, code: str) -> Response:
        image = get_image(request, code)
        form = ImageChange(data=request.data)
        form.is_valid(raise_exception=True)
        star_images(user_of(request), [image.code], form.validated_data["starred"])
        return Response(ImageOutput(get_image(request, code)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        delete_images(user_of(request), [get_image(request, code).code])
        return Response(status=204)


class ImageFileView(APIView):
    """The picture as a png, jpeg, webp or svg file, with its infotext inside."""

    @extend_schema(responses={(200, "image/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, code: str, format_name: str) -> HttpResponse:
        return picture_attachment(get_image(request, code), format_name)


class ImageSmallView(APIView):
    """A smaller picture as WebP, to be shown in a list. It carries no recipe."""

    @extend_schema(parameters=[SIDE], responses={(200, "image/webp"): OpenApiTypes.BINARY})
    def get(self, request: Request, code: str) -> HttpResponse:
        image = get_image(request, code)
        side = request.query_params.get("side", str(USUAL))
        fields = {str(longest): field for field, longest in SIDES.items()}
        if side not in fields:
            raise Refusal("bad-side", f"Smaller pictures come at {', '.join(sorted(fields, key=int))}.", field="side")
        # Of a small picture not all are kept, where they would differ in nothing.
        name = getattr(image, fields[side]) or image.thumbnail
        return attachment(name, f"tempera-{image.code}-{side}.webp", "image/webp")


class TraceView(APIView):
    """Have a picture traced into vector paths; `svg_state` of the image tells when it is ready."""

    @extend_schema(request=None, responses={202: ImageOutput})
    @idempotent
    def post(self, request: Request, code: str) -> Response:
        image = get_image(request, code)
        submit_tracing(image)
        return Response(ImageOutput(image).data, status=202)
