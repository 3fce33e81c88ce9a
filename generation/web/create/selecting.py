"""Select by click, for the page's editor: a mask at once, or an address at which it soon is."""

from __future__ import annotations

import base64
import json
from typing import Any

from django.http import JsonResponse, RawPostDataException
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.refusals import Refusal
from generation.imaging.clicks import box_of, clicks_of
from generation.jobs.selecting import Selection, select_by_click, selection_of
from generation.web.access import SignedInRequest, refused, signed_in_only


@signed_in_only
@require_POST
def select(request: SignedInRequest) -> JsonResponse:
    """`{"source": code, "clicks": [{"x", "y", "keeps"}], "box": {"left", "top", "right", "bottom"}}` as JSON."""
    try:
        asked = json.loads(request.body)
        if not isinstance(asked, dict):
            raise ValueError(asked)
    except (ValueError, RecursionError, RawPostDataException):  # the last where a form was sent
        return refused(Refusal("parse-error", "The request is no JSON object."))
    try:
        clicks, box = clicks_of(asked.get("clicks", [])), box_of(asked.get("box"))
        return answered(select_by_click(request.user, str(asked.get("source", "")), clicks, box))
    except Refusal as refusal:
        return refused(refusal)


@signed_in_only
@require_GET
def selected(request: SignedInRequest, code: str) -> JsonResponse:
    """The mask that a worker was asked for, or that it is not there yet."""
    try:
        return answered(selection_of(request.user, code))
    except Refusal as refusal:
        return refused(refusal)


def answered(selection: Selection) -> JsonResponse:
    told: dict[str, Any] = {"by": selection.by, "is_network": selection.is_network, "note": selection.note}
    if selection.mask is None:
        return JsonResponse({**told, "url": reverse("create-selected", args=[selection.code])}, status=202)
    return JsonResponse({**told, "mask": f"data:image/png;base64,{base64.b64encode(selection.mask).decode()}"})
