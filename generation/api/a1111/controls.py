"""What A1111's ControlNet extension takes within `alwayson_scripts`, as a recipe's ControlNets; and its own lists.

A unit's picture is brought like any other, under the person's limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from generation.api.a1111.base import A1111View
from generation.api.a1111.encoded import decoded
from generation.api.a1111.values import number, text
from generation.api.access import user_of
from generation.imaging.foreign_names import stem
from generation.jobs.pinning import picture_of
from generation.jobs.sources import bring_picture
from generation.models import Annotator, ControlNet
from generation.recipes.checks import InvalidRecipe
from generation.recipes.controls import PREPROCESSORS, ControlPick, fit_called, preprocessor_called, without_hash

VERSION = 2
"""Of the extension's API, as its clients ask for it."""
NONE = ("", "None")
BALANCED = ("", "Balanced", "ControlMode.BALANCED", "0")


@dataclass(frozen=True, slots=True)
class Units:
    """What became of a request's units."""

    picks: tuple[ControlPick, ...] = ()
    notes: tuple[str, ...] = ()


def read_units(user: User, scripts: Mapping[str, Any], picture: str = "") -> Units:
    """The units that are switched on. `picture` is the base64 of the request's own, for those without one.

    Raises Refusal for one without a picture, and as the recipe and `bring_picture` do.
    """
    sent: Any = next((each for name, each in scripts.items() if name.casefold().strip() == "controlnet"), {})
    args = sent.get("args", []) if isinstance(sent, Mapping) else []
    units = [unit for unit in args if isinstance(unit, Mapping) and _is_on(unit)]
    picks = tuple(_pick(user, unit, picture) for unit in units)
    notes = [
        f"ControlNet’s control_mode “{mode}” is ignored; it is Balanced." for unit in units if (mode := _mode(unit))
    ]
    return Units(picks, tuple(notes))


def _is_on(unit: Mapping[str, Any]) -> bool:
    return unit.get("enabled", unit.get("enable", True)) not in (False, None)


def _pick(user: User, unit: Mapping[str, Any], picture: str) -> ControlPick:
    sent = unit.get("image") or unit.get("input_image") or picture
    encoded = sent.get("image") if isinstance(sent, Mapping) else sent
    if not encoded:
        raise InvalidRecipe("controls", "ControlNet is enabled but no input image is given", "no-picture")
    model = text(unit, "model")
    if model in NONE:
        raise InvalidRecipe("controls", "ControlNet is enabled but no model is selected", "unknown-controlnet")
    brought = bring_picture(user, ContentFile(decoded(encoded), name="controlnet.png"))
    low, high = number(unit, "threshold_a"), number(unit, "threshold_b")
    module = text(unit, "module")
    preprocessor = preprocessor_called(module)
    takes_levels = preprocessor == "canny"
    return ControlPick(
        name=stem(without_hash(model)),
        picture=picture_of(user, brought.code),
        preprocessor=preprocessor,
        weight=_number(unit, "weight", 1.0),
        start=_number(unit, "guidance_start", 0.0),
        end=_number(unit, "guidance_end", 1.0),
        low=round(low) if takes_levels and low and low > 0 else 100,
        high=round(high) if takes_levels and high and high > 0 else 200,
        fit=fit_called(str(unit.get("resize_mode", ""))),
    )


def _number(unit: Mapping[str, Any], name: str, default: float) -> float:
    value = number(unit, name)
    return default if value is None else value


def _mode(unit: Mapping[str, Any]) -> str:
    """A control mode that is not the one of this site; empty where it is."""
    mode = str(unit.get("control_mode", ""))[:40]
    return "" if mode in BALANCED else mode


class ControlModelsView(A1111View):
    """The extension's list of models."""

    scope = "read"

    def get(self, request: Request) -> Response:
        rows = ControlNet.objects.usable_by(user_of(request)).order_by("title")
        return Response({"model_list": [f"{row.name} [{row.sha256[:8]}]" for row in rows]})


class ControlModulesView(A1111View):
    """The extension's list of preprocessors: its names for those that need no weights, the site's for the others."""

    scope = "read"

    def get(self, request: Request) -> Response:
        usable = Annotator.objects.usable_by(user_of(request)).exclude(task=Annotator.Task.SEGMENT)
        names = [row.module for row in PREPROCESSORS.values()] + [row.name for row in usable.order_by("title")]
        return Response({"module_list": names, "module_detail": {}})


class ControlVersionView(A1111View):
    scope = "read"

    def get(self, request: Request) -> Response:
        return Response({"version": VERSION})
