"""The API's doors to posts: fetch-or-refuse, one verb, one answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, permissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from accounts.models import User
from accounts.ratings import Rating
from accounts.refusals import NotFound, Refusal
from gallery.api.serializers import OwnPostOutput, PostInput, PostOutput
from gallery.facets import SHAPES
from gallery.filters import PERIODS, SORTS, Filters, parse_day
from gallery.following import feed_of
from gallery.models import Post
from gallery.publishing import publish_image, withdraw_post
from gallery.search import Found
from generation.api.access import HasScope, check_days, check_lengths, is_asked
from generation.api.idempotency import idempotent
from generation.api.native.fields import DAY, text_parameter
from generation.models import GeneratedImage

LOADED = ("image", "author", "made_from")
TEXTS = ("q", "tag", "checkpoint", "lora", "author")
MOST_CHARS = 200
RANKS = [sort for sort in SORTS if sort]
SPANS = [period for period in PERIODS if period]


def person(request: Request) -> User:
    """Who asks, behind a permission that lets nobody else in."""
    return cast(User, request.user)


def get_post(request: Request, code: str) -> Post:
    post: Post | None = Post.objects.visible_to(request.user).filter(code=code).select_related(*LOADED).first()
    if post is None:
        raise NotFound("not-found", "There is no such post.")
    return post


def data_of(request: Request, post: Post) -> dict[str, Any]:
    return dict((OwnPostOutput if post.author == request.user else PostOutput)(post).data)


def check_filters(query: Mapping[str, str]) -> None:
    """Raise Refusal for what no post can be asked by, which the page leaves out."""
    check_days(query)
    for name in ("since", "until"):
        if name in query and parse_day(query[name]) is None:
            raise Refusal("bad-day", "There is no such day.", field=name)
    if query.get("shape", next(iter(SHAPES))) not in SHAPES:
        raise Refusal("bad-shape", f"A shape is {', '.join(SHAPES)}.", field="shape")
    if query.get("rating", Rating.GENERAL) not in Rating.values:
        raise Refusal("bad-rating", f"A rating is {', '.join(Rating.values)}.", field="rating")
    if query.get("sort", RANKS[0]) not in RANKS:
        raise Refusal("bad-sort", f"An order is {' or '.join(RANKS)}; without one the newest are first.", field="sort")
    if query.get("period", SPANS[0]) not in SPANS:
        raise Refusal("bad-period", f"A period is {', '.join(SPANS)}; without one it is all of time.", field="period")
    if "period" in query and query.get("sort") != "top":
        raise Refusal("bad-period", "A period is of sort=top alone.", field="period")
    check_lengths(query, TEXTS, MOST_CHARS)


class PostsView(generics.ListAPIView[Post]):
    """The public gallery, newest first or by rank; with `?mine=1` your own posts in every state, newest first.

    POST sends a picture in.
    """

    scopes = {"POST": "publish"}
    permission_classes = [permissions.IsAuthenticatedOrReadOnly, HasScope]

    @property
    def ordering(self) -> tuple[str, ...]:
        if self.is_mine:
            return ("-id",)
        return tuple(f"-{name}" for name in SORTS[self.sort]) if self.sort else ("-approved_at", "-id")

    @property
    def sort(self) -> str:
        """The rank that is asked for; empty for newest first."""
        return "" if self.request is None or self.is_mine else str(self.request.query_params.get("sort", ""))

    @property
    def is_ranked(self) -> bool:
        """Asked by the pages of the API."""
        return bool(self.sort)

    @property
    def is_mine(self) -> bool:
        return is_asked(self.request, "mine") and self.request.user.is_authenticated

    def get_serializer_class(self) -> type[BaseSerializer[Post]]:
        return OwnPostOutput if self.is_mine else PostOutput

    def get_queryset(self) -> Found:  # type: ignore[override]
        check_filters(self.request.query_params)
        posts = Post.objects.of(self.request.user) if self.is_mine else Post.objects.approved()
        return Filters.of(self.request.query_params).find(posts.select_related(*LOADED).prefetch_related("tags"))

    @extend_schema(
        parameters=[
            text_parameter("q", MOST_CHARS, "Words of title, tags or prompt."),
            text_parameter("tag", MOST_CHARS, "Posts with this tag."),
            text_parameter("checkpoint", MOST_CHARS, "Drawn with the checkpoint of this name."),
            text_parameter("lora", MOST_CHARS, "Drawn with the LoRA of this name."),
            text_parameter("author", MOST_CHARS, "Posts of the person of this name."),
            OpenApiParameter("shape", str, enum=list(SHAPES), description="Posts of this shape."),
            OpenApiParameter("rating", str, enum=Rating.values, description="Posts of this rating."),
            OpenApiParameter("since", DAY, description="Public since this day (UTC) or later."),
            OpenApiParameter("until", DAY, description="Public since this day (UTC) or earlier."),
            OpenApiParameter("sort", str, enum=RANKS, description="By rank (`top`: by likes). Pages go forwards."),
            OpenApiParameter("period", str, enum=SPANS, description="Of `sort=top`: only what came within it."),
            OpenApiParameter("mine", bool, description="Your own posts, in every state."),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(request=PostInput, responses={201: OwnPostOutput})
    @idempotent
    def post(self, request: Request) -> Response:
        form = PostInput(data=request.data)
        form.is_valid(raise_exception=True)
        image = GeneratedImage.objects.of(request.user).kept().filter(code=form.validated_data["image"]).first()
        if image is None:
            raise NotFound("not-found", "There is no such picture, or it is not yours.", field="image")
        words = [form.validated_data[name] for name in ("title", "tags", "rating", "shares")]
        post = publish_image(person(request), image, *words)
        return Response(data_of(request, post), status=201, headers={"Location": reverse("api-post", args=[post.code])})


class FeedView(generics.ListAPIView[Post]):
    """The public posts of those whom you follow, newest first."""

    ordering = ("-approved_at", "-id")
    serializer_class = PostOutput
    queryset = Post.objects.none()

    def get_queryset(self) -> Found:  # type: ignore[override]
        return feed_of(person(self.request)).with_rows(*LOADED).with_many("tags")


class PostView(APIView):
    """One post: a public one, or your own in any state. DELETE withdraws yours."""

    scopes = {"DELETE": "publish"}
    permission_classes = [permissions.IsAuthenticatedOrReadOnly, HasScope]

    @extend_schema(responses=PostOutput)
    def get(self, request: Request, code: str) -> Response:
        return Response(data_of(request, get_post(request, code)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        withdraw_post(person(request), get_post(request, code))
        return Response(status=204)
