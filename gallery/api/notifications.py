"""The API's doors to what others did that somebody hears of."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gallery import notifying
from gallery.api.views import person
from gallery.models import Notification


class NotificationOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(Notification.Kind.choices)
    sentence = serializers.CharField()
    page = serializers.CharField(source="url", help_text="Where it happened; empty where nothing is left to be seen.")
    at = serializers.DateTimeField(help_text="When it happened last.")
    is_new = serializers.BooleanField()


class NotificationsReadInput(serializers.Serializer[Any]):
    until = serializers.DateTimeField(help_text="The `at` of the newest one that was seen; what came later stays new.")


class NotificationsReadOutput(serializers.Serializer[Any]):
    read = serializers.IntegerField(help_text="How many were new until now.")


class NotificationsView(generics.ListAPIView[Notification]):
    """What others did with what you show, what happened last first. To list them does not mark them read."""

    serializer_class = NotificationOutput
    queryset = Notification.objects.none()
    ordering = ("-at", "-id")

    def get_queryset(self) -> QuerySet[Notification]:
        return notifying.newest_of(person(self.request))

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rows = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(NotificationOutput(notifying.lines_of(rows or []), many=True).data)


class NotificationsReadView(APIView):
    """Mark as read what had happened until a moment."""

    scope = "publish"

    @extend_schema(request=NotificationsReadInput, responses=NotificationsReadOutput)
    def post(self, request: Request) -> Response:
        form = NotificationsReadInput(data=request.data)
        form.is_valid(raise_exception=True)
        return Response({"read": notifying.read_until(person(request), form.validated_data["until"])})
