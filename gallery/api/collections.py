"""The API's doors to collections: one's own and those one fills, what is in them, and who fills them."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import generics, permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.refusals import NotFound, Refusal
from gallery import collecting
from gallery.api.serializers import PostOutput
from gallery.api.social import get_public_post
from gallery.api.views import person
from gallery.models import CollectedPost, Collection, Post
from gallery.models.collections import TITLE_CHARS
from generation.api.access import HasScope
from generation.api.idempotency import idempotent
from generation.api.native.fields import TextField, text_parameter

MOST_KEY = 32
KEY = text_parameter("key", MOST_KEY, "What opens one that is shared by its link.")


class CollectionInput(serializers.Serializer[Any]):
    title = TextField(max_length=TITLE_CHARS)
    visibility = serializers.ChoiceField(Collection.Visibility.choices, default=Collection.Visibility.PRIVATE)


class CollectionChange(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    title = TextField(max_length=TITLE_CHARS, required=False)
    visibility = serializers.ChoiceField(Collection.Visibility.choices, required=False)


class CollectionOutput(serializers.ModelSerializer[Collection]):
    owner = serializers.CharField(source="owner.username")
    contributors = serializers.SerializerMethodField()
    page = serializers.SerializerMethodField()

    class Meta:
        model = Collection
        fields = ["code", "title", "owner", "visibility", "contributors", "page", "created_at"]

    def get_contributors(self, collection: Collection) -> list[str] | None:
        """Names of those who fill it besides its owner, told to its owner alone; to others it is null."""
        if self.asker.pk != collection.owner_id:
            return None
        return [user.username for user in collection.contributors.all()]

    def get_page(self, collection: Collection) -> str:
        """Its address; to its owner with the key that opens it for others, where it is shared by its link."""
        address = reverse("collection", args=[collection.code])
        is_shared = collection.visibility == Collection.Visibility.LINK and self.asker.pk == collection.owner_id
        return f"{address}?key={collection.key}" if is_shared else address

    @property
    def asker(self) -> User:
        return cast(User, self.context["request"].user)


class CollectedPostOutput(serializers.ModelSerializer[CollectedPost]):
    post = PostOutput()
    added_by = serializers.CharField(source="added_by.username")

    class Meta:
        model = CollectedPost
        fields = ["post", "added_by", "at"]


def get_collection(request: Request, code: str) -> Collection:
    """One that may be seen. Raises NotFound."""
    key = request.query_params.get("key", "")
    if len(key) > MOST_KEY:
        raise Refusal("bad-key", f"A key has at most {MOST_KEY} characters.", field="key")
    row: Collection | None = Collection.objects.filter(code=code).select_related("owner").first()
    if row is None or not row.is_visible_to(request.user, key):
        raise NotFound("not-found", "There is no such collection, or you may not see it.")
    return row


def get_filled(request: Request, code: str) -> Collection:
    """One that the person fills. Raises NotFound."""
    row = Collection.objects.filled_by(person(request)).filter(code=code).select_related("owner").first()
    if row is None:
        raise NotFound("not-found", "There is no such collection, or you do not fill it.")
    return row


class CollectionsView(generics.ListAPIView[Collection]):
    """Your collections and those that you fill, newest first; POST makes one."""

    scopes = {"POST": "publish"}
    serializer_class = CollectionOutput
    queryset = Collection.objects.none()

    def get_queryset(self) -> QuerySet[Collection]:
        rows = Collection.objects.filled_by(person(self.request))
        return rows.select_related("owner").prefetch_related("contributors")

    @extend_schema(request=CollectionInput, responses={201: CollectionOutput})
    @idempotent
    def post(self, request: Request) -> Response:
        form = CollectionInput(data=request.data)
        form.is_valid(raise_exception=True)
        made = collecting.make_collection(person(request), **form.validated_data)
        address = reverse("api-collection", args=[made.code])
        data = CollectionOutput(made, context={"request": request}).data
        return Response(data, status=201, headers={"Location": address})


class CollectionView(APIView):
    """One collection that you may see. PATCH changes yours, DELETE removes it and leaves its posts."""

    scopes = {"PATCH": "publish", "DELETE": "publish"}
    permission_classes = [permissions.IsAuthenticatedOrReadOnly, HasScope]

    @extend_schema(parameters=[KEY], responses=CollectionOutput)
    def get(self, request: Request, code: str) -> Response:
        return Response(CollectionOutput(get_collection(request, code), context={"request": request}).data)

    @extend_schema(request=CollectionChange, responses=CollectionOutput)
    def patch(self, request: Request, code: str) -> Response:
        row = get_filled(request, code)
        form = CollectionChange(data=request.data)
        form.is_valid(raise_exception=True)
        wanted = {"title": row.title, "visibility": row.visibility, **form.validated_data}
        collecting.change_collection(person(request), row, **wanted)
        return Response(CollectionOutput(row, context={"request": request}).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        collecting.delete_collection(person(request), get_filled(request, code))
        return Response(status=204)


class CollectedPostsView(generics.ListAPIView[CollectedPost]):
    """The public posts in a collection, the last added first."""

    permission_classes = [permissions.AllowAny, HasScope]
    serializer_class = CollectedPostOutput
    queryset = CollectedPost.objects.none()

    @extend_schema(parameters=[KEY])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.collection = get_collection(request, kwargs["code"])
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[CollectedPost]:
        rows = CollectedPost.objects.filter(
            collection=self.collection,
            post__state=Post.State.APPROVED,
            post__image__isnull=False,
            post__image__deleted_at=None,
        )
        loaded = rows.select_related("added_by", "post__image", "post__author", "post__made_from")
        return loaded.prefetch_related("post__tags")


class CollectedPostView(APIView):
    """A post in a collection that you fill. PUT puts it in, DELETE takes it out; repeated they change nothing."""

    scope = "publish"

    @extend_schema(request=None, responses={204: None})
    def put(self, request: Request, code: str, post: str) -> Response:
        collecting.collect(person(request), get_filled(request, code), get_public_post(post))
        return Response(status=204)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str, post: str) -> Response:
        row = Post.objects.filter(code=post).first()
        if row is None:
            raise NotFound("not-found", "There is no such post.")
        collecting.take_out(person(request), get_filled(request, code), row)
        return Response(status=204)


class ContributorView(APIView):
    """Somebody who fills a collection of yours. PUT lets them, DELETE no longer; you may also remove yourself."""

    scope = "publish"

    @extend_schema(request=None, responses={204: None})
    def put(self, request: Request, code: str, username: str) -> Response:
        collecting.add_contributor(person(request), get_filled(request, code), username)
        return Response(status=204)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str, username: str) -> Response:
        collecting.remove_contributor(person(request), get_filled(request, code), username)
        return Response(status=204)
