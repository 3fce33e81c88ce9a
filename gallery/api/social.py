"""The API's doors to what people do with each other's posts."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import NotFound
from gallery import following, liking
from gallery.api.views import person
from gallery.models import Post


class LikeOutput(serializers.Serializer[Any]):
    liked = serializers.BooleanField()
    points = serializers.IntegerField(help_text="How many people like it.")


def get_public_post(code: str) -> Post:
    post: Post | None = Post.objects.public().filter(code=code).select_related("image", "author").first()
    if post is None:
        raise NotFound("not-found", "There is no such post.")
    return post


class LikeView(APIView):
    """Whether you like a public post. PUT says that you do, DELETE that you do not; repeated they change nothing."""

    scopes = {"PUT": "publish", "DELETE": "publish"}

    def answer(self, post: Post, liked: bool) -> Response:
        points = Post.objects.values_list("points", flat=True).get(pk=post.pk)
        return Response(LikeOutput({"liked": liked, "points": points}).data)

    @extend_schema(responses=LikeOutput)
    def get(self, request: Request, code: str) -> Response:
        post = get_public_post(code)
        return self.answer(post, post.likes.filter(user=person(request)).exists())

    @extend_schema(request=None, responses=LikeOutput)
    def put(self, request: Request, code: str) -> Response:
        post = get_public_post(code)
        liking.like(person(request), post)
        return self.answer(post, True)

    @extend_schema(responses={200: LikeOutput})
    def delete(self, request: Request, code: str) -> Response:
        post = get_public_post(code)
        liking.unlike(person(request), post)
        return self.answer(post, False)


class FollowOutput(serializers.Serializer[Any]):
    followed = serializers.BooleanField()


class FollowView(APIView):
    """Whether you follow an author. PUT says that you do, DELETE that you do not; repeated they change nothing."""

    scopes = {"PUT": "publish", "DELETE": "publish"}

    @extend_schema(responses=FollowOutput)
    def get(self, request: Request, username: str) -> Response:
        followed = following.follows(request.user, following.author_named(username))
        return Response(FollowOutput({"followed": followed}).data)

    @extend_schema(request=None, responses=FollowOutput)
    def put(self, request: Request, username: str) -> Response:
        following.follow(person(request), following.author_named(username))
        return Response(FollowOutput({"followed": True}).data)

    @extend_schema(responses={200: FollowOutput})
    def delete(self, request: Request, username: str) -> Response:
        following.unfollow(person(request), following.author_named(username))
        return Response(FollowOutput({"followed": False}).data)
