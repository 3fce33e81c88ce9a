"""What the Create form has for control pictures: places for ControlNets, the values that they make, their previews."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.resolving import check_control_family, find_annotators, find_controlnets
from generation.jobs.control_preview import control_preview
from generation.jobs.pinning import picture_of
from generation.models import Checkpoint
from generation.recipes.controls import (
    MAX_CONTROLS,
    PREPROCESSORS,
    READY,
    SHARE_RANGE,
    THRESHOLD_RANGE,
    WEIGHT_RANGE,
    ControlPick,
)
from generation.recipes.fields import Name, Number, RecipeField, WholeNumber, check_size
from generation.recipes.starting import PictureRef, Start, drawn_like
from generation.storage.downloads import FOR_NOBODY
from generation.web.access import SignedInRequest, refused, signed_in_only
from generation.web.create.starting import FIT

PLACES = range(1, MAX_CONTROLS + 1)
REFUSED = "bad-controls"
"""The code of a value that a ControlNet cannot have, whichever it is; the API's too."""

NAME = Name(
    name="name",
    title="ControlNet",
    explanation="Which shape is kept. Its name says what it reads: edges, lines, depth, a pose.",
)
PICTURE = Name(
    name="picture",
    title="Its picture",
    explanation="The picture whose shape is kept. Its colours are not: those come from the prompt.",
)
PREPROCESSOR = Name(
    name="preprocessor",
    title="Read it as",
    explanation="How the picture is made ready for the ControlNet. As it is: it shows edges, depth or a pose already.",
    default=READY,
)
NUMBERS: tuple[Number, ...] = (
    Number(
        name="weight",
        title="Weight",
        explanation="How strictly the shape is kept. 1 is as the ControlNet was taught; less leaves more freedom.",
        default=1.0,
        limits=WEIGHT_RANGE,
        control="slider",
        slider=(*WEIGHT_RANGE, 0.05),
    ),
    Number(
        name="start",
        title="Begins at",
        explanation="The share of the steps that are drawn before it joins. 0: from the first step.",
        default=0.0,
        limits=SHARE_RANGE,
        control="slider",
        slider=(*SHARE_RANGE, 0.05),
    ),
    Number(
        name="end",
        title="Ends at",
        explanation="The share of the steps after which it lets go. 1: to the last step; 0.6 leaves details free.",
        default=1.0,
        limits=SHARE_RANGE,
        control="slider",
        slider=(*SHARE_RANGE, 0.05),
    ),
    WholeNumber(
        name="low",
        title="Faint edges from",
        explanation="For Canny edges: an edge weaker than this is left out. Lower keeps more.",
        default=100,
        limits=THRESHOLD_RANGE,
        control="number",
    ),
    WholeNumber(
        name="high",
        title="Sure edges from",
        explanation="For Canny edges: an edge stronger than this is always drawn.",
        default=200,
        limits=THRESHOLD_RANGE,
        control="number",
    ),
)
ROWS_OF_ONE: tuple[RecipeField, ...] = (NAME, PICTURE, PREPROCESSOR, *NUMBERS, FIT)
"""Of one ControlNet, under the names that the API has for them."""


def at(place: int, name: str) -> str:
    """The form's field of a value of the ControlNet in a place, counted from 1."""
    return f"control{place}_{name}"


ROWS: Mapping[str, RecipeField] = {
    at(place, row.name): replace(row, name=at(place, row.name)) for place in PLACES for row in ROWS_OF_ONE
}
FILES: Mapping[str, str] = {f"control{place}_file": at(place, "picture") for place in PLACES}
"""Files that are posted without a script, and the fields that name what becomes of them."""


def controls_of(user: User, checkpoint: Checkpoint, cleaned: Mapping[str, Any]) -> tuple[ControlPick, ...]:
    """The ControlNets that a valid form asks for, in the order of their places. Raises Refusal at their fields."""
    picks = (pick_of(user, checkpoint, cleaned, place) for place in PLACES)
    return tuple(pick for pick in picks if pick)


def pick_of(user: User, checkpoint: Checkpoint, cleaned: Mapping[str, Any], place: int) -> ControlPick | None:
    """None where neither a ControlNet nor a picture is chosen. One without the other is refused."""
    values = {row.name: value for row in ROWS_OF_ONE if (value := cleaned.get(at(place, row.name))) not in (None, "")}
    if not values.keys() & {"name", "picture"}:
        return None
    if "name" not in values:
        sentence = "Choose the ControlNet that reads this picture, or take the picture away."
        raise Refusal("no-controlnet", sentence, field=at(place, "name"))
    if "picture" not in values:
        raise Refusal("no-picture", "Choose the picture that this ControlNet reads.", field=at(place, "picture"))
    with refusals_at(at(place, "picture")):
        values["picture"] = picture_of(user, values["picture"])
    with refusals_at(at(place, "name")):
        check_control_family(find_controlnets(user, {values["name"]})[values["name"]], checkpoint)
    with refusals_at(at(place, "preprocessor")):
        find_annotators(user, {values["preprocessor"]} - PREPROCESSORS.keys() if "preprocessor" in values else ())
    with refusals_at(at(place, "end")):
        return ControlPick(**values)


@contextmanager
def refusals_at(field: str) -> Iterator[None]:
    """What is refused is told at this field."""
    try:
        yield
    except Refusal as refusal:
        refusal.field = field
        raise


def usual_fields() -> dict[str, str]:
    """What the form shows where nothing was typed."""
    return {name: row.text(row.default) for name, row in ROWS.items() if row.default != ""}


def fields_of_controls(controls: tuple[ControlPick, ...]) -> dict[str, str]:
    """As the form's fields: those of every place, empty where there is no ControlNet."""
    fields = dict.fromkeys(ROWS, "")
    for place, pick in zip(PLACES, controls, strict=False):
        values = {row.name: row.text(getattr(pick, row.name)) for row in ROWS_OF_ONE if row is not PICTURE}
        values["picture"] = pick.picture.code or pick.picture.sha256
        fields |= {at(place, name): text for name, text in values.items()}
    return fields


def with_picture(fields: Mapping[str, str], code: str) -> dict[str, str]:
    """The fields with a picture in the first place that has none; in the last where all have one."""
    free = next((place for place in PLACES if not fields.get(at(place, "picture"))), PLACES[-1])
    return {**fields, at(free, "picture"): code}


@signed_in_only
@require_GET
def preview(request: SignedInRequest, code: str) -> HttpResponse:
    """What `preprocessor` makes of a picture, in the `size` (128x64) in which it is read; without one, in its own.
    `low`, `high` and `fit` as in the recipe."""
    try:
        picture = picture_of(request.user, code)
        data = control_preview(asked_pick(request.GET, picture), asked_size(request.GET.get("size", ""), picture))
    except Refusal as refusal:
        return refused(refusal)
    response = HttpResponse(data, content_type="image/webp")
    response["Content-Disposition"] = "attachment"  # a script reads it, which other hosts' pictures are not open to
    patch_cache_control(response, **FOR_NOBODY)
    return response


def asked_pick(asked: Mapping[str, Any], picture: PictureRef) -> ControlPick:
    """Raises InvalidRecipe."""
    rows = [row for row in ROWS_OF_ONE if row.name in ("preprocessor", "low", "high", "fit")]
    values = {row.name: row.read(asked[row.name]) for row in rows if asked.get(row.name)}
    return ControlPick("preview", picture, **values)


def asked_size(text: str, picture: PictureRef) -> tuple[int, int]:
    """Width and height. Raises InvalidRecipe for what no picture is drawn in."""
    across, _, down = text.partition("x")
    if across.isdecimal() and down.isdecimal() and len(text) < 10:
        size = (int(across), int(down))
        check_size(*size)
        return size
    drawn = drawn_like(Start(picture), picture.width * picture.height)
    return (drawn["width"], drawn["height"])
