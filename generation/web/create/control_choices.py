"""What the Create page shows of control pictures: each place of the form with its picture, and what may be chosen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.urls import reverse

from accounts.models import User
from accounts.refusals import NotFound
from generation.jobs.pinning import picture_of
from generation.models import Annotator, ControlNet, SourcePicture
from generation.recipes.controls import PREPROCESSORS, READY, Preprocessor
from generation.web.create.control_pictures import PLACES, ROWS, ROWS_OF_ONE, at
from generation.web.create.forms import OWN_SIZE, Control, RecipeForm

OFFERED_PICTURES = 24
"""The newest that somebody brought; older ones are reached from their own page."""


@dataclass(frozen=True, slots=True)
class PictureOption:
    code: str
    title: str


@dataclass(frozen=True, slots=True)
class ControlPlace:
    """A place for a ControlNet. `picture` is the code of the one that is chosen, empty where there is none.

    `url` is its file; `preview` the address of what is read of it, empty where nothing can be shown; `gone` says what
    the form still asks for and is not there any more. `others` names the fields whose value is none of the choices.
    """

    number: int
    controls: Mapping[str, Control]
    name: str
    picture: str = ""
    size: str = ""
    url: str = ""
    preview: str = ""
    gone: str = ""
    others: Collection[str] = ()

    @property
    def is_used(self) -> bool:
        return bool(self.name or self.picture or self.gone)

    @property
    def is_wrong(self) -> bool:
        return any(control.bound.errors for control in self.controls.values())


@dataclass(frozen=True, slots=True)
class ControlChoices:
    """The places, and what may be chosen in each; none where the site has no ControlNet that fits."""

    places: Sequence[ControlPlace] = ()
    controlnets: Sequence[ControlNet] = ()
    annotators: Sequence[Annotator] = ()
    pictures: Sequence[PictureOption] = ()
    preprocessors: Mapping[str, Preprocessor] = field(default_factory=lambda: PREPROCESSORS)

    @property
    def is_open(self) -> bool:
        return any(place.is_used or place.is_wrong for place in self.places)

    @property
    def summary(self) -> str:
        return ", ".join(place.name or "no ControlNet yet" for place in self.places if place.is_used) or "none"

    def others(self, values: Mapping[str, str]) -> frozenset[str]:
        """The names of those values of a place that are none of the choices."""
        known = {
            "name": {row.name for row in self.controlnets},
            "picture": {option.code for option in self.pictures},
            "preprocessor": {*self.preprocessors, *(row.name for row in self.annotators)},
        }
        return frozenset(name for name, names in known.items() if values[name] and values[name] not in names)


def control_choices(user: User, family: str, form: RecipeForm) -> ControlChoices:
    """Those ControlNets that fit the family; what is chosen already stays, so that its refusal can be read."""
    controlnets = list(ControlNet.objects.usable_by(user).filter(family=family).order_by("title"))
    chosen = any(form[at(number, name)].value() for number in PLACES for name in ("name", "picture"))
    if not (controlnets or chosen or form.errors.keys() & ROWS.keys()):
        return ControlChoices()
    annotators = Annotator.objects.usable_by(user).exclude(task=Annotator.Task.SEGMENT).order_by("title")
    brought = SourcePicture.objects.of(user).newest()[:OFFERED_PICTURES]
    pictures = [PictureOption(row.code, f"{row} · {row.width} × {row.height}") for row in brought]
    choices = ControlChoices((), controlnets, list(annotators), pictures)
    return replace(choices, places=[place_of(user, form, number, choices) for number in PLACES])


def place_of(user: User, form: RecipeForm, number: int, choices: ControlChoices) -> ControlPlace:
    controls = {row.name: Control(ROWS[at(number, row.name)], form[at(number, row.name)]) for row in ROWS_OF_ONE}
    values = {name: str(control.bound.value() or "") for name, control in controls.items()}
    place = ControlPlace(number, controls, values["name"])
    if not values["picture"]:
        return replace(place, others=choices.others(values))
    try:
        found = picture_of(user, values["picture"])
    except NotFound:
        gone = "This picture is not there any more. Choose another."
        return replace(place, gone=gone, others=choices.others({**values, "picture": ""}))
    code = found.code or found.sha256
    return replace(
        place,
        picture=code,
        size=f"{found.width} × {found.height}",
        url=reverse("source-file", args=[code]),
        preview=preview_address(code, values, size_of(form)) if values["preprocessor"] in PREPROCESSORS else "",
        others=choices.others({**values, "picture": code}),
    )


def preview_address(code: str, values: Mapping[str, str], size: str) -> str:
    """Empty for what is a control picture already: it would be shown twice."""
    if values["preprocessor"] == READY:
        return ""
    asked = {**{name: values[name] for name in ("preprocessor", "low", "high", "fit")}, "size": size}
    query = {name: value for name, value in asked.items() if value}
    return reverse("source-control", args=[code], query=query)


def size_of(form: RecipeForm) -> str:
    """As a preview asks for it; empty where the form says none in numbers."""
    size = str(form["size"].value() or "")
    if "x" in size:
        return size
    across, down = (str(form[name].value() or "") for name in ("width", "height"))
    return f"{across}x{down}" if size == OWN_SIZE and across and down else ""
