"""The API's doors to wildcard lists: the site's to read, one's own to make, change and delete."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation.api.access import user_of
from generation.api.idempotency import idempotent
from generation.api.native.fields import TextField
from generation.catalog.wildcards import MAX_LIST_CHARS, MAX_NAME_CHARS, own_list, save_list
from generation.models import Wildcard
from generation.prompting.templates import LIST_NAME

NAME = rf"^\s*(?:__)?{LIST_NAME}(?:__)?\s*$"
LINES = r"(?:^|[\r\n])[^\S\r\n]*[^#\s]"
"""At least one that is no remark."""


class WildcardInput(serializers.Serializer[Any]):
    """A list: `name` without the underscores that stand around it in prompts, `lines` as one text."""

    name = TextField(max_length=MAX_NAME_CHARS + 4, pattern=NAME)
    lines = TextField(max_length=MAX_LIST_CHARS, pattern=LINES, trim_whitespace=False)


class WildcardChange(serializers.Serializer[Any]):
    """What of a list becomes another."""

    name = TextField(max_length=MAX_NAME_CHARS + 4, pattern=NAME, required=False)
    lines = TextField(max_length=MAX_LIST_CHARS, pattern=LINES, trim_whitespace=False, required=False)


class WildcardOutput(serializers.ModelSerializer[Wildcard]):
    is_mine = serializers.SerializerMethodField()

    class Meta:
        model = Wildcard
        fields = ["name", "lines", "is_mine"]

    def get_is_mine(self, row: Wildcard) -> bool:
        return row.owner_id is not None


class WildcardsView(generics.ListAPIView[Wildcard]):
    """Lists that your prompts draw from, the site's and yours; POST makes one of yours."""

    serializer_class = WildcardOutput
    queryset = Wildcard.objects.none()

    def get_queryset(self) -> QuerySet[Wildcard]:
        rows: QuerySet[Wildcard] = Wildcard.objects.usable_by(user_of(self.request))
        return rows

    @extend_schema(request=WildcardInput, responses={201: WildcardOutput})
    @idempotent
    def post(self, request: Request) -> Response:
        form = WildcardInput(data=request.data)
        form.is_valid(raise_exception=True)
        row = save_list(user_of(request), form.validated_data["name"], form.validated_data["lines"])
        address = reverse("api-wildcard", args=[row.name])
        return Response(WildcardOutput(row).data, status=201, headers={"Location": address})


class WildcardView(APIView):
    """A list of yours. PATCH changes its name or its lines, DELETE removes it."""

    @extend_schema(responses=WildcardOutput)
    def get(self, request: Request, name: str) -> Response:
        return Response(WildcardOutput(own_list(user_of(request), name)).data)

    @extend_schema(request=WildcardChange, responses=WildcardOutput)
    def patch(self, request: Request, name: str) -> Response:
        user = user_of(request)
        row = own_list(user, name)
        form = WildcardChange(data=request.data)
        form.is_valid(raise_exception=True)
        changes = {"name": row.name, "lines": row.lines, **form.validated_data}
        return Response(WildcardOutput(save_list(user, changes["name"], changes["lines"], row)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        own_list(user_of(request), name).delete()
        return Response(status=204)
