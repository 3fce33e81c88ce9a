"""The API's doors to what steers pictures: ControlNets, preprocessors, and masks selected by click."""

from __future__ import annotations

import base64
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation.api.access import HasScope, user_of
from generation.api.native.catalog import WeightsView
from generation.api.native.fields import CodeField, FlagField, NumberField, number_field
from generation.imaging.clicks import MAX_CLICKS, Box, Click
from generation.jobs.selecting import Selection, select_by_click, selection_of
from generation.models import Annotator, ControlNet
from generation.recipes.controls import PREPROCESSORS
from generation.recipes.starting import MAX_SIDE


class ControlNetOutput(serializers.ModelSerializer[ControlNet]):
    usual_preprocessor = serializers.CharField(read_only=True, help_text="What its name says it reads.")

    class Meta:
        model = ControlNet
        fields = [
            "name", "title", "family", "sha256", "autov2", "licence", "description", "usual_preprocessor",
        ]  # fmt: skip


class ControlNetsView(WeightsView):
    """The ControlNets that you may use: each holds a picture to the shape of another."""

    model = ControlNet
    queryset = ControlNet.objects.none()
    serializer_class = ControlNetOutput


class PreprocessorOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    explanation = serializers.CharField()
    needs_weights = serializers.BooleanField(help_text="Whether it is a network of the site's catalog.")


class PreprocessorsView(APIView):
    """The ways to make a control picture of any picture."""

    permission_classes = [permissions.AllowAny, HasScope]

    @extend_schema(operation_id="preprocessors_list", responses=PreprocessorOutput(many=True))
    def get(self, request: Request) -> Response:
        rows: list[dict[str, Any]] = [
            {"name": name, "title": row.title, "explanation": row.explanation, "needs_weights": False}
            for name, row in PREPROCESSORS.items()
        ]
        usable = Annotator.objects.usable_by(request.user).exclude(task=Annotator.Task.SEGMENT).order_by("title")
        rows += [
            {"name": row.name, "title": row.title, "explanation": row.get_task_display(), "needs_weights": True}
            for row in usable
        ]
        return Response(PreprocessorOutput(rows, many=True).data)


PLACES = (0, MAX_SIDE)


class ClickInput(serializers.Serializer[Any]):
    x = number_field(NumberField, PLACES)
    y = number_field(NumberField, PLACES)
    keeps = FlagField(default=True, help_text="False: what lies there is not to be selected.")


class BoxInput(serializers.Serializer[Any]):
    left = number_field(NumberField, PLACES)
    top = number_field(NumberField, PLACES)
    right = number_field(NumberField, PLACES)
    bottom = number_field(NumberField, PLACES)


class SelectionInput(serializers.Serializer[Any]):
    """A picture, and what is meant in it, in its pixels: clicks, a rough box, or both."""

    source = CodeField(  # type: ignore[assignment]
        max_length=64, help_text="Code or SHA-256 of a source or an image of yours."
    )
    clicks = serializers.ListField(child=ClickInput(), default=list, max_length=MAX_CLICKS)
    box = BoxInput(required=False, allow_null=True, default=None)


class SelectionOutput(serializers.Serializer[Any]):
    state = serializers.ChoiceField(["waiting", "done"])
    by = serializers.CharField(help_text="What selects, for people.")
    is_network = serializers.BooleanField(help_text="Whether that is a network that sees things, or colour alone.")
    note = serializers.CharField(help_text="Why it is not the network, where the site has one.")
    mask = serializers.CharField(help_text="A PNG as base64, white where it is selected; empty while it is made.")


class SelectionsView(APIView):
    """Select by click: grow a mask in a picture of yours. A network's mask is fetched at the Location soon after."""

    @extend_schema(
        operation_id="selections_create", request=SelectionInput, responses={200: SelectionOutput, 202: SelectionOutput}
    )
    def post(self, request: Request) -> Response:
        form = SelectionInput(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        clicks, box = [Click(**click) for click in data["clicks"]], Box(**data["box"]) if data["box"] else None
        return answered(select_by_click(user_of(request), data["source"], clicks, box))


class SelectionView(APIView):
    """The mask that a network was asked for; it is kept for some minutes."""

    @extend_schema(operation_id="selections_retrieve", responses={200: SelectionOutput, 202: SelectionOutput})
    def get(self, request: Request, code: str) -> Response:
        return answered(selection_of(user_of(request), code))


def answered(selection: Selection) -> Response:
    waits = selection.mask is None
    body = {
        "state": "waiting" if waits else "done",
        "by": selection.by,
        "is_network": selection.is_network,
        "note": selection.note,
        "mask": base64.b64encode(selection.mask or b"").decode(),
    }
    headers = {"Location": reverse("api-selection", args=[selection.code])} if waits else {}
    return Response(SelectionOutput(body).data, status=202 if waits else 200, headers=headers)
