"""The API's doors to comments on public posts."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import NotFound
from gallery.api.social import get_public_post
from gallery.api.views import person
from gallery.commenting import take_back, write_comment
from gallery.models import Comment, CommentDecision
from gallery.models.comments import COMMENT_CHARS
from gallery.transitions import MOVES
from generation.api.access import HasScope
from generation.api.idempotency import idempotent
from generation.api.native.fields import TextField


class CommentInput(serializers.Serializer[Any]):
    words = TextField(max_length=COMMENT_CHARS, help_text="Plain text; nothing in it is markup.")


class CommentOutput(serializers.ModelSerializer[Comment]):
    author = serializers.CharField(source="author.username")

    class Meta:
        model = Comment
        fields = ["code", "author", "words", "state", "submitted_at"]


class OwnCommentOutput(CommentOutput):
    """A comment as its author sees it: with the post it is about, and the reason why it is not public."""

    post: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(slug_field="code", read_only=True)
    reason = serializers.CharField(source="told_reason", read_only=True)

    class Meta(CommentOutput.Meta):
        fields = [*CommentOutput.Meta.fields, "post", "reason"]


class OwnCommentsView(generics.ListAPIView[Comment]):
    """Your comments in every state, newest first; of those that you deleted the words are gone."""

    serializer_class = OwnCommentOutput
    queryset = Comment.objects.none()

    def get_queryset(self) -> QuerySet[Comment]:
        return Comment.objects.of(person(self.request)).select_related("author", "post")


class CommentsView(generics.ListAPIView[Comment]):
    """The comments on a public post, newest first. POST writes one; it may have to wait for a moderator."""

    scopes = {"POST": "publish"}
    permission_classes = [permissions.IsAuthenticatedOrReadOnly, HasScope]
    serializer_class = CommentOutput
    queryset = Comment.objects.none()

    def get_queryset(self) -> QuerySet[Comment]:
        return Comment.objects.public().filter(post=self.post_asked).select_related("author")

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.post_asked = get_public_post(kwargs["code"])
        return super().get(request, *args, **kwargs)

    @extend_schema(request=CommentInput, responses={201: CommentOutput})
    @idempotent
    def post(self, request: Request, code: str) -> Response:
        post = get_public_post(code)
        form = CommentInput(data=request.data)
        form.is_valid(raise_exception=True)
        comment = write_comment(person(request), post, form.validated_data["words"])
        return Response(CommentOutput(comment).data, status=201)


class CommentView(APIView):
    """One comment of yours, also one that waits or is hidden. DELETE takes it back: its words are gone."""

    scope = "publish"

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        states = MOVES[CommentDecision.Verb.WITHDRAW].sources
        comment = Comment.objects.of(request.user).filter(code=code, state__in=states).first()
        if comment is None:
            raise NotFound("not-found", "There is no such comment, or it is not yours.")
        take_back(person(request), comment)
        return Response(status=204)
