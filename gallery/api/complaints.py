"""The API's doors to complaints: reports of posts and comments, and notices, which need no account."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import NotFound
from gallery import moderation
from gallery.api.social import get_public_post
from gallery.api.views import person
from gallery.models import Comment, Notice, Report
from gallery.notices import ADDRESS_CHARS, MOST_ADDRESSES, NAME_CHARS, STATEMENT_CHARS, NoticeInput, send_notice
from generation.api.access import HasScope
from generation.api.idempotency import idempotent
from generation.api.native.fields import AgreedField, TextField


class ReportInput(serializers.Serializer[Any]):
    """What is wrong with it. Only moderators read this."""

    reason = serializers.ChoiceField(Report.Reason.choices)
    words = TextField(max_length=moderation.WORDS_CHARS, default="", allow_blank=True)


class ReportOutput(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(Report.Reason.choices)
    words = serializers.CharField()
    at = serializers.DateTimeField()


class PostReportView(APIView):
    """Point moderators at a public post, once."""

    scope = "publish"

    @extend_schema(request=ReportInput, responses={201: ReportOutput})
    @idempotent
    def post(self, request: Request, code: str) -> Response:
        reported = get_public_post(code)
        form = ReportInput(data=request.data)
        form.is_valid(raise_exception=True)
        made = moderation.report(person(request), reported, **form.validated_data)
        return Response(ReportOutput(made).data, status=201)


class CommentReportView(APIView):
    """Point moderators at a comment, once."""

    scope = "publish"

    @extend_schema(request=ReportInput, responses={201: ReportOutput})
    @idempotent
    def post(self, request: Request, code: str) -> Response:
        comment = Comment.objects.public().filter(code=code).select_related("post__image").first()
        if comment is None:
            raise NotFound("not-found", "There is no such comment.")
        form = ReportInput(data=request.data)
        form.is_valid(raise_exception=True)
        made = moderation.report_comment(person(request), comment, **form.validated_data)
        return Response(ReportOutput(made).data, status=201)


class NoticeBody(serializers.Serializer[Any]):
    """What you ask to have removed by law. Of an intimate picture name and signature are needed, too."""

    kind = serializers.ChoiceField(Notice.Kind.choices)
    addresses = serializers.ListField(
        child=TextField(max_length=ADDRESS_CHARS),
        min_length=1,
        max_length=MOST_ADDRESSES,
        help_text="Where it is on this site.",
    )
    statement = TextField(max_length=STATEMENT_CHARS, help_text="Why it is illegal, or whom it shows.")
    email = serializers.EmailField(max_length=320, help_text="Receipt and answer go there.")
    name = TextField(max_length=NAME_CHARS, default="", allow_blank=True)
    signature = TextField(max_length=NAME_CHARS, default="", allow_blank=True, help_text="Your full name.")
    is_in_good_faith = AgreedField(help_text="You confirm that all of it is true to your best knowledge.")


class NoticeOutput(serializers.ModelSerializer[Notice]):
    class Meta:
        model = Notice
        fields = ["code", "kind", "received_at", "due_at"]


class NoticesView(APIView):
    """Send a notice. Anybody may, a few times an hour; the receipt goes to the address that you give."""

    scope = "publish"
    permission_classes = [permissions.AllowAny, HasScope]
    throttle_scope = "notice"

    @extend_schema(request=NoticeBody, responses={201: NoticeOutput})
    @idempotent
    def post(self, request: Request) -> Response:
        form = NoticeBody(data=request.data)
        form.is_valid(raise_exception=True)
        fields = {**form.validated_data, "addresses": "\n".join(form.validated_data["addresses"])}
        return Response(NoticeOutput(send_notice(NoticeInput(**fields))).data, status=201)
