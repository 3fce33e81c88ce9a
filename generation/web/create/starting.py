"""What the Create form has for a picture that is started from: its fields, the value they make, what the page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from accounts.models import User
from accounts.refusals import NotFound
from generation.jobs.pinning import picture_of
from generation.models import SourcePicture
from generation.recipes.fields import Choice, Number, RecipeField, WholeNumber
from generation.recipes.picture import Recipe
from generation.recipes.starting import BLUR_RANGE, GROW_RANGE, PADDING_RANGE, STRENGTH_RANGE, PictureRef, Start

SIDES = ("left", "top", "right", "bottom")
FILES: Mapping[str, str] = {"source_file": "source", "mask_file": "mask"}
"""Files that are posted without a script, and the fields that name what becomes of them."""
LIKE_SOURCE = "source"
"""The size that is the source's own, with what it grows by."""

STRENGTH = Number(
    name="start_strength",
    title="Strength",
    explanation="How much may change: 0 gives the picture back as the checkpoint sees it, 0.3 retouches, 0.75 redraws "
    "with the same layout, 1 starts anew.",
    default=0.75,
    limits=STRENGTH_RANGE,
    control="slider",
    slider=(0, 1, 0.05),
)
MASKED_ROWS: tuple[RecipeField, ...] = (
    Choice(
        name="area",
        title="Draw",
        explanation="The whole picture is drawn and the mask laid over it; or only what is around the mask, in full "
        "size: small things such as faces gain by it.",
        default="whole",
        choices={"whole": "In the whole picture", "masked": "Only around the mask"},
        control="select",
    ),
    Choice(
        name="masked_content",
        title="Begin below the mask with",
        explanation="What lies below the mask when drawing begins: the picture itself, the colours around, noise, "
        "or an even grey. The last two need a high strength.",
        default="original",
        choices={
            "original": "What is there",
            "fill": "The colours around",
            "noise": "Noise",
            "nothing": "Nothing",
        },
        control="select",
    ),
    WholeNumber(
        name="mask_blur",
        title="Mask blur",
        explanation="Over how many pixels the edge of the mask fades, so that no seam shows.",
        default=4,
        limits=BLUR_RANGE,
        control="slider",
        slider=(0, 64, 1),
    ),
    WholeNumber(
        name="padding",
        title="Padding",
        explanation="How many pixels around the mask are looked at when only its surroundings are drawn.",
        default=32,
        limits=PADDING_RANGE,
        control="slider",
        slider=(0, 256, 4),
    ),
)
FIT = Choice(
    name="fit",
    title="Another shape",
    explanation="How a picture comes into a size of other proportions: cut, squeezed, or with its edges drawn out.",
    default="crop",
    choices={"crop": "Cut to fit", "stretch": "Squeeze", "fill": "Fill the edges"},
    control="select",
)
GROW_ROWS = tuple(
    WholeNumber(
        name=f"grow_{side}",
        title=side.capitalize(),
        explanation=f"Pixels of new ground that are drawn at the {side}.",
        default=0,
        limits=GROW_RANGE,
        control="number",
    )
    for side in SIDES
)
ROWS: Mapping[str, RecipeField] = {row.name: row for row in (STRENGTH, *MASKED_ROWS, FIT, *GROW_ROWS)}
NAMES = ("source", "mask", *ROWS)
SHOWN_AT = {"strength": "start_strength", "grow": "grow_left", "picture": "source", "file": "source", "start": "source"}
"""Where the form shows refusals about a start."""


def start_of(user: User, cleaned: Mapping[str, Any]) -> Start | None:
    """The start that a valid form tells; None without a source. Raises Refusal."""
    if not cleaned.get("source"):
        return None
    source = picture_of(user, cleaned["source"])
    mask = mask_of(user, cleaned["mask"]) if cleaned.get("mask") else None
    told = {name: cleaned[name] for name in ROWS if cleaned.get(name) not in (None, "")}
    grow = tuple(told.pop(row.name, 0) for row in GROW_ROWS)
    strength = told.pop(STRENGTH.name, STRENGTH.default)
    return Start(source, strength, mask, grow=(grow[0], grow[1], grow[2], grow[3]), **told)


def mask_of(user: User, code: str) -> PictureRef:
    try:
        return picture_of(user, code)
    except NotFound as missing:
        raise NotFound(missing.code, "The mask is not there any more. Paint it again.", field="mask") from missing


def usual_fields() -> dict[str, str]:
    """What the form shows where nothing was typed."""
    return {name: row.text(row.default) for name, row in ROWS.items()}


def fields_of_start(start: Start | None) -> dict[str, str]:
    """As `fields_of` of the other fields; all of them empty where nothing is started from."""
    if start is None:
        return dict.fromkeys(NAMES, "")
    values = {row.name: getattr(start, row.name) for row in (*MASKED_ROWS, FIT)}
    grown = {row.name: pixels for row, pixels in zip(GROW_ROWS, start.grow, strict=True)}
    return {
        "source": start.source.code or start.source.sha256,
        "mask": (start.mask.code or start.mask.sha256) if start.mask else "",
        **{name: ROWS[name].text(value) for name, value in {STRENGTH.name: start.strength, **values, **grown}.items()},
    }


@dataclass(frozen=True, slots=True)
class StartingPicture:
    """A source as the page shows it: `url` is its file, `mask_url` that of its mask, empty where there is none.

    `gone` names what the form still asks for and is not there any more.
    """

    code: str = ""
    width: int = 0
    height: int = 0
    url: str = ""
    mask_url: str = ""
    has_alpha: bool = False
    gone: str = ""


def starting_picture(user: User, fields: Mapping[str, str]) -> StartingPicture | None:
    """What the fields of a form start from; None for nothing."""
    code = fields.get("source", "")
    if not code:
        return None
    try:
        source = picture_of(user, code)
    except NotFound:
        return StartingPicture(gone="The picture to start from is not there any more. Choose another.")
    mask_url, gone = "", ""
    if mask := fields.get("mask", ""):
        try:
            mask_of(user, mask)
            mask_url = reverse("source-file", args=[mask])
        except NotFound as missing:
            gone = missing.message
    row = SourcePicture.objects.of(user).filter(code=source.code).first()
    has_alpha = row is not None and row.has_alpha
    url = reverse("source-file", args=[code])
    return StartingPicture(code, source.width, source.height, url, mask_url, has_alpha, gone)


def facts_of(recipe: Recipe) -> list[tuple[RecipeField, str]]:
    """What the page of a picture tells of its start, beside the picture itself."""
    start = recipe.start
    if start is None:
        return []
    told = [(STRENGTH, STRENGTH.text(start.strength))]
    masked = [(row, row.title_of(getattr(start, row.name))) for row in MASKED_ROWS if start.is_masked]
    grown = [(row, f"{pixels} px") for row, pixels in zip(GROW_ROWS, start.grow, strict=True) if pixels]
    return [*told, *[pair for pair in masked if pair[0].name != "padding" or start.area == "masked"], *grown]
