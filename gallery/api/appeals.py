"""The API's doors to what was decided about oneself: sanctions and appeals; and to the counts of all decisions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import NotFound
from gallery.api.views import person
from gallery.appeals import MODELS, WORDS_CHARS, send_appeal, thing_of
from gallery.models import Appeal, Sanction, Subject
from gallery.transparency import report_of_months
from generation.api.access import HasScope
from generation.api.idempotency import idempotent
from generation.api.native.fields import TextField


class AppealInput(serializers.Serializer[Any]):
    """`code` is of your post, release, comment or sanction."""

    subject = serializers.ChoiceField([(subject, Subject(subject).label) for subject in MODELS])
    code = TextField(max_length=16)
    words = TextField(max_length=WORDS_CHARS, help_text="Why the decision is wrong.")


class AppealOutput(serializers.ModelSerializer[Appeal]):
    class Meta:
        model = Appeal
        fields = ["code", "subject", "words", "state", "answer", "at", "closed_at"]


class AppealsView(generics.ListAPIView[Appeal]):
    """What you said against decisions about you, newest first; POST objects to one, once for each."""

    scopes = {"POST": "publish"}
    serializer_class = AppealOutput
    queryset = Appeal.objects.none()

    def get_queryset(self) -> QuerySet[Appeal]:
        return Appeal.objects.filter(author=person(self.request))

    @extend_schema(request=AppealInput, responses={201: AppealOutput})
    @idempotent
    def post(self, request: Request) -> Response:
        form = AppealInput(data=request.data)
        form.is_valid(raise_exception=True)
        thing = thing_of(form.validated_data["subject"], form.validated_data["code"])
        if thing is None:
            raise NotFound("not-found", "There is no such decision, or it is not about you.", field="code")
        made = send_appeal(person(request), thing, form.validated_data["words"])
        return Response(AppealOutput(made).data, status=201)


class SanctionOutput(serializers.ModelSerializer[Sanction]):
    class Meta:
        model = Sanction
        fields = ["code", "kind", "state", "reason", "at", "ends_at"]


class SanctionsView(generics.ListAPIView[Sanction]):
    """Your strikes and suspensions with their reasons, newest first; those that are over or lifted, too."""

    serializer_class = SanctionOutput
    queryset = Sanction.objects.none()

    def get_queryset(self) -> QuerySet[Sanction]:
        # What one moderator only proposed is between moderators.
        told = [Sanction.State.ACTIVE, Sanction.State.LIFTED]
        return Sanction.objects.of(person(self.request)).filter(state__in=told)


class CountOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    counts = serializers.ListField(child=serializers.IntegerField(), help_text="One for each of `months`.")


class CountsOutput(serializers.Serializer[Any]):
    title = serializers.CharField()
    lines = CountOutput(many=True)


class TransparencyOutput(serializers.Serializer[Any]):
    months = serializers.ListField(child=serializers.CharField(), help_text="Such as 2026-11, the newest first.")
    groups = CountsOutput(many=True)


class TransparencyView(APIView):
    """What moderators and the site itself did in each month, as numbers. Anybody may ask."""

    permission_classes = [permissions.AllowAny, HasScope]

    @extend_schema(responses=TransparencyOutput)
    def get(self, request: Request) -> Response:
        months, groups = report_of_months()
        return Response(TransparencyOutput({"months": [f"{month:%Y-%m}" for month in months], "groups": groups}).data)
