"""The API's doors to albums and to links that show pictures to others: the same verbs as the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import Refusal
from generation.api.access import get_image, user_of
from generation.api.idempotency import idempotent
from generation.api.native.fields import FlagField, TextField, WholeField, described
from generation.jobs.albums import (
    MAX_TITLE_CHARS,
    add_to_album,
    create_album,
    own_album,
    rename_album,
    take_out_of_album,
)
from generation.jobs.sharing import DAYS, end_link, share, token_of
from generation.models import Album, ShareLink

IMAGES_AT_ONCE = 100
Slug = serializers.SlugRelatedField[Any]


class AlbumInput(serializers.Serializer[Any]):
    title = TextField(max_length=MAX_TITLE_CHARS)


class AlbumOutput(serializers.ModelSerializer[Album]):
    images = serializers.SerializerMethodField()

    class Meta:
        model = Album
        fields = ["code", "title", "images", "created_at"]

    def get_images(self, album: Album) -> str:
        """The address of the list of its pictures."""
        return f"{reverse('api-images')}?album={album.code}"


class AlbumImagesInput(serializers.Serializer[Any]):
    images = serializers.ListField(
        child=TextField(max_length=16), min_length=1, max_length=IMAGES_AT_ONCE, help_text="Codes of yours."
    )


class AddedOutput(serializers.Serializer[Any]):
    added = serializers.IntegerField(help_text="How many came that were not in it; codes of no picture are left out.")


class AlbumsView(generics.ListAPIView[Album]):
    """Your albums, newest first; POST makes one."""

    serializer_class = AlbumOutput
    queryset = Album.objects.none()

    def get_queryset(self) -> QuerySet[Album]:
        rows: QuerySet[Album] = Album.objects.of(user_of(self.request))
        return rows

    @extend_schema(request=AlbumInput, responses={201: AlbumOutput})
    @idempotent
    def post(self, request: Request) -> Response:
        form = AlbumInput(data=request.data)
        form.is_valid(raise_exception=True)
        album = create_album(user_of(request), form.validated_data["title"])
        address = reverse("api-album", args=[album.code])
        return Response(AlbumOutput(album).data, status=201, headers={"Location": address})


class AlbumView(APIView):
    """An album of yours. PATCH changes its title, DELETE removes it and leaves its pictures."""

    @extend_schema(responses=AlbumOutput)
    def get(self, request: Request, code: str) -> Response:
        return Response(AlbumOutput(own_album(user_of(request), code)).data)

    @extend_schema(request=AlbumInput, responses=AlbumOutput)
    def patch(self, request: Request, code: str) -> Response:
        album = own_album(user_of(request), code)
        form = AlbumInput(data=request.data)
        form.is_valid(raise_exception=True)
        rename_album(album, form.validated_data["title"])
        return Response(AlbumOutput(album).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        own_album(user_of(request), code).delete()
        return Response(status=204)


class AlbumImagesView(APIView):
    """Put pictures of yours into an album. They stay in the others that they are in."""

    @extend_schema(request=AlbumImagesInput, responses={201: AddedOutput})
    @idempotent
    def post(self, request: Request, code: str) -> Response:
        album = own_album(user_of(request), code)
        form = AlbumImagesInput(data=request.data)
        form.is_valid(raise_exception=True)
        return Response({"added": add_to_album(album, form.validated_data["images"])}, status=201)


class AlbumImageView(APIView):
    """A picture in an album; DELETE takes it out and leaves the picture."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str, image: str) -> Response:
        take_out_of_album(own_album(user_of(request), code), [get_image(request, image).code])
        return Response(status=204)


class LinkInput(serializers.Serializer[Any]):
    """`image` or `album`, by its code."""

    image = TextField(max_length=16, default="", allow_blank=True)
    album = TextField(max_length=16, default="", allow_blank=True)
    days = described(WholeField, {"type": "integer", "enum": [*DAYS]}, default=7)
    with_recipe = FlagField(default=False, help_text="Prompt and settings are shown, and in the files.")


class LinkOutput(serializers.ModelSerializer[ShareLink]):
    address = serializers.SerializerMethodField()
    image: Slug = serializers.SlugRelatedField(slug_field="code", read_only=True, allow_null=True)
    album: Slug = serializers.SlugRelatedField(slug_field="code", read_only=True, allow_null=True)

    class Meta:
        model = ShareLink
        fields = ["code", "address", "image", "album", "with_recipe", "created_at", "expires_at"]

    def get_address(self, link: ShareLink) -> str:
        """What you give to others; whoever has it sees what it leads to."""
        return str(self.context["request"].build_absolute_uri(reverse("shared", args=[token_of(link)])))


class LinksView(generics.ListAPIView[ShareLink]):
    """Your links that still hold, newest first; POST makes one to a picture or an album of yours."""

    scopes = {"POST": "publish"}
    serializer_class = LinkOutput
    queryset = ShareLink.objects.none()

    def get_queryset(self) -> QuerySet[ShareLink]:
        rows: QuerySet[ShareLink] = ShareLink.objects.of(user_of(self.request)).live()
        return rows.select_related("image", "album")

    @extend_schema(request=LinkInput, responses={201: LinkOutput})
    @idempotent
    def post(self, request: Request) -> Response:
        form = LinkInput(data=request.data)
        form.is_valid(raise_exception=True)
        data, user = form.validated_data, user_of(request)
        if bool(data["image"]) == bool(data["album"]):
            raise Refusal("one-thing", "Send either `image` or `album`.", field="image")
        thing = get_image(request, data["image"]) if data["image"] else own_album(user, data["album"])
        link = share(user, thing, data["days"], data["with_recipe"])
        return Response(LinkOutput(link, context={"request": request}).data, status=201)


class LinkView(APIView):
    """A link of yours; DELETE ends it at once."""

    scopes = {"DELETE": "publish"}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        end_link(user_of(request), code)
        return Response(status=204)
