"""The Create form: what a person typed becomes a Recipe. Its fields and their ranges are the recipe's table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.resolving import find_checkpoint
from generation.catalog.styles import apply_styles
from generation.jobs.submission import random_seed
from generation.models import Checkpoint
from generation.recipes.checks import InvalidRecipe
from generation.recipes.fields import (
    COUNT,
    FIELDS,
    MAX_PROMPT_CHARS,
    Choice,
    Name,
    Number,
    Prompt,
    RecipeField,
    Side,
    WholeNumber,
    defaults_for,
)
from generation.recipes.picture import Recipe
from generation.recipes.starting import Start, drawn_like
from generation.recipes.variation import RESIZE_FROM
from generation.web.create import control_pictures, starting
from generation.web.create.control_pictures import controls_of, fields_of_controls
from generation.web.create.hires import ROWS as HIRES
from generation.web.create.hires import fields_of_hires, hires_of
from generation.web.create.parts import (
    MAX_CARRIED_CHARS,
    ROWS,
    NamesField,
    NamesWidget,
    carried_sentence,
    fields_of_parts,
    parts_of,
)
from generation.web.create.starting import LIKE_SOURCE, fields_of_start, start_of

OWN_SIZE = "own"


class NameField(forms.CharField):
    """A name. What it may be, NUL characters among it, is the recipe's to judge, so that the API says the same."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.validators = [one for one in self.validators if not isinstance(one, ProhibitNullCharactersValidator)]


class PromptField(NameField):
    """A prompt as it was typed, with the line ends that everything but a browser's form uses."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, widget=forms.Textarea(attrs={"rows": 3}), **options)

    def to_python(self, value: Any) -> str:
        return FIELDS["prompt"].read(str(super().to_python(value) or ""))  # type: ignore[no-any-return]


FORM_FIELDS: Mapping[type[RecipeField], type[forms.Field]] = {
    Prompt: PromptField,
    Name: NameField,
    Choice: NameField,
    Number: forms.FloatField,
    WholeNumber: forms.IntegerField,
    Side: forms.IntegerField,
}


def form_field(row: RecipeField, **options: Any) -> forms.Field:
    """The form's field of a row: it makes a value of what was typed, and leaves ranges to the row."""
    wrong_kind = f"{row.title} must be {row.kind}."
    return FORM_FIELDS[type(row)](
        label=row.label, help_text=row.explanation, required=False, error_messages={"invalid": wrong_kind}, **options
    )


class RecipeForm(forms.Form):
    """Everything may be left empty but the prompt: the checkpoint's defaults and a new seed fill the rest.

    `status` is the HTTP status of its refusals.
    """

    size = forms.CharField(required=False, max_length=12)
    count = form_field(COUNT)
    seed_locked = forms.BooleanField(required=False)
    made_from = forms.CharField(required=False, help_text="The code of the post that is remixed.")
    variation_strength = form_field(ROWS["variation_strength"])
    variation_seed = form_field(ROWS["variation_seed"])
    resize_width = forms.IntegerField(required=False)
    resize_height = forms.IntegerField(required=False)
    palette = forms.CharField(required=False, max_length=400)
    palette_strength = form_field(ROWS["palette_strength"])
    styles = NamesField()
    carried = forms.CharField(required=False, max_length=MAX_CARRIED_CHARS)
    hires = forms.BooleanField(required=False)
    hires_scale = form_field(HIRES["hires_scale"])
    hires_steps = form_field(HIRES["hires_steps"])
    hires_strength = form_field(HIRES["hires_strength"])
    hires_upscaler = form_field(HIRES["hires_upscaler"])
    hires_prompt = form_field(HIRES["hires_prompt"])
    source = NameField(required=False, max_length=64)
    mask = NameField(required=False, max_length=64)
    status = 400
    shown_at: Mapping[str, str] = {
        "width": "size",
        "height": "size",
        "loras": "prompt",
        "seed_resize_from": "resize_width",
        "carried": "",
        "controls": control_pictures.at(1, "name"),
        "upscaler": "hires_upscaler",
        "scale": "hires_scale",
        **starting.SHOWN_AT,
    }
    """Where the page shows a refusal about a part of the recipe that has no field of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        started = {name: form_field(row) for name, row in {**starting.ROWS, **control_pictures.ROWS}.items()}
        self.fields = {name: form_field(row) for name, row in FIELDS.items()} | started | self.fields

    def clean(self) -> None:
        """Judge every field, so that all that is wrong is told at once; what concerns several is the recipe's."""
        for name in ("seed", "variation_seed"):
            if self.cleaned_data.get(name) == -1:  # as A1111 writes a seed that is to be drawn
                self.cleaned_data[name] = None
        parts = (ROWS, HIRES, starting.ROWS, control_pictures.ROWS)
        for row in (*FIELDS.values(), COUNT, *(row for rows in parts for row in rows.values())):
            value = self.cleaned_data.get(row.name)
            if value is None or value == "" and not getattr(row, "required", False):
                continue
            try:
                row.check(value)
                if isinstance(row, Name):
                    row.check_known(value)
            except Refusal as refusal:
                self.status = refusal.status
                code = control_pictures.REFUSED if row.name in control_pictures.ROWS else refusal.code
                self.add_error(row.name, forms.ValidationError(refusal.message, code))

    def recipe(self, user: User) -> Recipe:
        """The recipe of a valid form. Raises Refusal."""
        typed = {name: value for name in FIELDS if (value := self.cleaned_data.get(name)) not in (None, "")}
        checkpoint = find_checkpoint(user, typed.get("checkpoint", ""))
        start = start_of(user, self.cleaned_data)
        width, height = self.chosen_size(checkpoint, start, user.plan.max_pixels)
        values = {**defaults_for(checkpoint), "seed": random_seed(), **typed, "width": width, "height": height}
        values |= {**parts_of(self.cleaned_data, random_seed()), "start": start, "hires": hires_of(self.cleaned_data)}
        values["controls"] = controls_of(user, checkpoint, self.cleaned_data)
        return apply_styles(user, Recipe(**values), self.cleaned_data.get("styles", ()), checkpoint.family)

    def chosen_size(self, checkpoint: Checkpoint, start: Start | None, most_pixels: int) -> tuple[int, int]:
        """A drawn rectangle's size, the source's own, or the one that was typed; else the checkpoint's own."""
        size: str = self.cleaned_data.get("size", "")
        if size == LIKE_SOURCE:
            drawn = drawn_like(start, most_pixels) if start else {}
            return drawn.get("width", checkpoint.native_width), drawn.get("height", checkpoint.native_height)
        if size and size != OWN_SIZE:
            across, _, down = size.partition("x")
            if not (across.isdecimal() and down.isdecimal() and len(size) < 10):
                raise InvalidRecipe("width", "Choose one of the sizes, or type width and height.", "bad-size")
            return int(across), int(down)
        typed = self.cleaned_data.get("width"), self.cleaned_data.get("height")
        return typed[0] or checkpoint.native_width, typed[1] or checkpoint.native_height

    @property
    def picture_count(self) -> int:
        count: int = self.cleaned_data.get("count") or COUNT.default
        return count

    def refuse(self, refusal: Refusal) -> None:
        """Put a refusal at the field it is about; without one it stands above the form."""
        field = self.shown_at.get(refusal.field, refusal.field)
        self.status = refusal.status
        self.add_error(field if field in self.fields else None, forms.ValidationError(refusal.message, refusal.code))

    @property
    def controls(self) -> list[Control]:
        """What the page folds away under More, in the table's order."""
        return [Control(row, self[name]) for name, row in FIELDS.items() if row.control and name != "checkpoint"]

    @property
    def checkpoint_control(self) -> Control:
        """Stands first, since the other defaults follow it."""
        return Control(FIELDS["checkpoint"], self["checkpoint"])

    @property
    def part_controls(self) -> dict[str, Control | RecipeField]:
        """Of variation and palette, which have places of their own; `resized` is the row of two fields."""
        return {**{name: Control(row, self[name]) for name, row in ROWS.items()}, "resized": RESIZE_FROM}

    @property
    def carried_sentence(self) -> str:
        return carried_sentence(self["carried"].value() or "")

    @property
    def hires_numbers(self) -> list[Control]:
        return [Control(row, self[name]) for name, row in HIRES.items() if isinstance(row, Number)]

    @property
    def hires_texts(self) -> dict[str, RecipeField]:
        return {name: row for name, row in HIRES.items() if not isinstance(row, Number)}

    @property
    def wrong_hires(self) -> bool:
        return any(self[name].errors for name in ("hires", *HIRES))

    @property
    def start_controls(self) -> dict[str, Control]:
        """Of the picture that is started from, by their names."""
        return {name: Control(row, self[name]) for name, row in starting.ROWS.items()}

    @property
    def wrong_start(self) -> bool:
        return any(self.errors.get(name) for name in starting.NAMES)

    @property
    def wrong_controls(self) -> bool:
        return any(control.bound.errors for control in self.controls)


@dataclass(frozen=True, slots=True)
class Control:
    """A field of the recipe on the page: its row of the table and what was typed."""

    row: RecipeField
    bound: forms.BoundField

    @property
    def template(self) -> str:
        return f"generation/controls/{self.row.control}.html"

    @property
    def small(self) -> bool:
        """Whether two of them stand side by side."""
        return not self.row.written


def refusals_of(form: RecipeForm) -> list[dict[str, str | None]]:
    """Every refusal of the form, for scripts; the empty name of a field is the form itself."""
    return [
        {
            "field": "" if field == "__all__" else field,
            "code": error.code,
            "detail": error.message % (error.params or ()),
        }
        for field, at_field in form.errors.as_data().items()
        for error in at_field
    ]


def fields_of(recipe: Recipe) -> dict[str, str]:
    """A recipe as the form's fields, so that it is drawn again exactly: the seed stays locked."""
    fields = {name: row.text(getattr(recipe, name)) for name, row in FIELDS.items()}
    parts = {name: getattr(recipe, name) for name in ("variation", "palette", "inversion", "blend")}
    fields |= fields_of_parts(parts) | fields_of_hires(recipe.hires) | fields_of_start(recipe.start)
    fields |= fields_of_controls(recipe.controls)
    return {**fields, "size": f"{recipe.width}x{recipe.height}", "seed_locked": "on"}


def default_fields(checkpoint: Checkpoint) -> dict[str, str]:
    """An untouched form."""
    fields = {name: FIELDS[name].text(value) for name, value in defaults_for(checkpoint).items() if value != ""}
    return {**fields, "size": f"{checkpoint.native_width}x{checkpoint.native_height}", "count": "4"}


def typed_fields(data: Mapping[str, Any]) -> dict[str, str]:
    """The form's own fields out of whatever was posted, as text: a draft."""
    names = (*FIELDS, *starting.ROWS, *control_pictures.ROWS, *RecipeForm.base_fields)
    typed = {name: str(data[name])[: 5 * MAX_PROMPT_CHARS] for name in names if name in data}
    if "styles" in data:  # several of one name, which a plain look would take the last of
        typed["styles"] = NamesWidget().value_from_datadict(data, None, "styles")[:MAX_PROMPT_CHARS]
    return typed
