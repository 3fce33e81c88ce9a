"""The API's doors to styles: the site's to read and pick, one's own to make, change and delete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import Refusal
from generation.api.access import user_of
from generation.api.idempotency import idempotent
from generation.api.native.fields import CodeField, TextField
from generation.catalog.styles import StyleFields, own_style, save_style, styles_for
from generation.models import OwnStyle
from generation.models.catalog import FAMILY_TITLES
from generation.recipes.fields import MAX_NAME_CHARS, MAX_PROMPT_CHARS
from generation.recipes.styles import Style

FAMILY = OpenApiParameter("family", str, enum=[*FAMILY_TITLES], description="Those for checkpoints of this family.")


def text_field(**options: Any) -> TextField:
    return TextField(max_length=MAX_PROMPT_CHARS, trim_whitespace=False, allow_blank=True, **options)


class StyleInput(serializers.Serializer[Any]):
    """A style. In `prompt`, `{prompt}` is where the picture's own words go; without it they stand before the style."""

    name = TextField(max_length=MAX_NAME_CHARS)
    prompt = text_field(default="")
    negative_prompt = text_field(default="")
    family = serializers.ChoiceField(choices=[*FAMILY_TITLES.items()], allow_blank=True, default="")
    sample = CodeField(
        max_length=16, allow_blank=True, default="", help_text="The code of a picture of yours that shows it."
    )


class StyleChange(serializers.Serializer[Any]):
    """What of a style becomes another."""

    name = TextField(max_length=MAX_NAME_CHARS, required=False)
    prompt = text_field(required=False)
    negative_prompt = text_field(required=False)
    family = serializers.ChoiceField(choices=[*FAMILY_TITLES.items()], allow_blank=True, required=False)
    sample = CodeField(max_length=16, allow_blank=True, required=False)


class StyleOutput(serializers.Serializer[Any]):
    """`code` is that of a style of yours; the site's have none and cannot be changed."""

    code = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    prompt = serializers.CharField()
    negative_prompt = serializers.CharField()
    family = serializers.CharField()
    sample = serializers.CharField(allow_null=True)


def told(style: Style, row: OwnStyle | None) -> dict[str, Any]:
    sample = row.sample.code if row and row.sample else None
    return {
        "code": row.code if row else None,
        "name": style.name,
        "prompt": style.prompt,
        "negative_prompt": style.negative_prompt,
        "family": style.family,
        "sample": sample,
    }


class StylesView(APIView):
    """Styles that you can pick, yours before the site's; POST makes one of yours."""

    @extend_schema(parameters=[FAMILY], responses=StyleOutput(many=True))
    def get(self, request: Request) -> Response:
        user, family = user_of(request), request.query_params.get("family") or None
        if family is not None and family not in FAMILY_TITLES:
            raise Refusal("bad-family", f"A family is one of: {', '.join(FAMILY_TITLES)}.", field="family")
        own = {row.name: row for row in OwnStyle.objects.of(user).select_related("sample")}
        return Response([told(style, own.get(style.name)) for style in styles_for(user, family)])

    @extend_schema(request=StyleInput, responses={201: StyleOutput})
    @idempotent
    def post(self, request: Request) -> Response:
        form = StyleInput(data=request.data)
        form.is_valid(raise_exception=True)
        row = save_style(user_of(request), StyleFields(**form.validated_data))
        address = reverse("api-style", args=[row.code])
        return Response(told(row.style, row), status=201, headers={"Location": address})


class StyleView(APIView):
    """A style of yours. PATCH changes it, DELETE removes it."""

    @extend_schema(responses=StyleOutput)
    def get(self, request: Request, code: str) -> Response:
        row = own_style(user_of(request), code)
        return Response(told(row.style, row))

    @extend_schema(request=StyleChange, responses=StyleOutput)
    def patch(self, request: Request, code: str) -> Response:
        user = user_of(request)
        row = own_style(user, code)
        form = StyleChange(data=request.data)
        form.is_valid(raise_exception=True)
        sample = row.sample.code if row.sample else ""
        before = StyleFields(row.name, row.prompt, row.negative_prompt, row.family, sample)
        row = save_style(user, replace(before, **form.validated_data), row)
        return Response(told(row.style, row))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        own_style(user_of(request), code).delete()
        return Response(status=204)
