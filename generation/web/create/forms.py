"""The Create form: what a person typed becomes a Recipe. Ranges are the recipe's, names and limits the verbs'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.resolving import find_checkpoint
from generation.jobs.submission import random_seed
from generation.models import Checkpoint
from generation.recipes.picture import (
    CFG_RANGE,
    CLIP_SKIP_RANGE,
    EMPHASIS_MODES,
    MAX_PROMPT_CHARS,
    MAX_SEED,
    SIDE_RANGE,
    STEPS_RANGE,
    InvalidRecipe,
    Recipe,
)
from generation.recipes.sampling import SCHEDULES

COUNT_RANGE = (1, 8)
OWN_SIZE = "own"
FIELD_OF = {"width": "size", "height": "size", "loras": "prompt"}
"""Where the page shows a refusal about a part of the recipe that has no field of its own."""


class TextField(forms.CharField):
    """A prompt, with the line ends that everything but a browser's form uses."""

    def __init__(self, **options: Any) -> None:
        long = f"The text has %(show_value)d characters; at most {MAX_PROMPT_CHARS} are read."
        super().__init__(
            required=False,
            strip=False,
            max_length=MAX_PROMPT_CHARS,
            error_messages={"max_length": long},
            widget=forms.Textarea(attrs={"rows": 3}),
            **options,
        )

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").replace("\r\n", "\n")


def whole_number(label: str, limits: tuple[int, int]) -> forms.IntegerField:
    low, high = limits
    between = f"{label} must lie between {low} and {high}."
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=low,
        max_value=high,
        error_messages={
            "invalid": f"{label} must be a whole number.",
            "min_value": between,
            "max_value": between,
        },
    )


class RecipeForm(forms.Form):
    """Everything may be left empty but the prompt: the checkpoint's defaults and a new seed fill the rest."""

    prompt = TextField()
    negative_prompt = TextField()
    checkpoint = forms.CharField(required=False, max_length=100)
    vae = forms.CharField(required=False, max_length=100)
    size = forms.CharField(required=False, max_length=12)
    width = whole_number("Width", SIDE_RANGE)
    height = whole_number("Height", SIDE_RANGE)
    count = whole_number("The number of pictures", COUNT_RANGE)
    steps = whole_number("Steps", STEPS_RANGE)
    cfg_scale = forms.FloatField(
        label="CFG scale",
        required=False,
        min_value=CFG_RANGE[0],
        max_value=CFG_RANGE[1],
        error_messages={
            "invalid": "CFG scale must be a number.",
            **dict.fromkeys(
                ("min_value", "max_value"), f"CFG scale must lie between {CFG_RANGE[0]:g} and {CFG_RANGE[1]:g}."
            ),
        },
    )
    sampler = forms.CharField(required=False, max_length=40)
    schedule = forms.CharField(required=False, max_length=40)
    seed = whole_number("Seed", (-1, MAX_SEED))
    seed_locked = forms.BooleanField(required=False)
    clip_skip = whole_number("Clip skip", CLIP_SKIP_RANGE)
    emphasis = forms.CharField(required=False, max_length=20)

    def recipe(self, user: User) -> Recipe:
        """The recipe of a valid form. Raises Refusal."""
        said = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        checkpoint = find_checkpoint(user, said.get("checkpoint", ""))
        width, height = self.chosen_size(checkpoint)
        seed = said.get("seed", -1)
        return Recipe(
            prompt=self.cleaned_data["prompt"],
            negative_prompt=self.cleaned_data["negative_prompt"],
            width=width,
            height=height,
            steps=said.get("steps", checkpoint.default_steps),
            cfg_scale=said.get("cfg_scale", checkpoint.default_cfg_scale),
            sampler=said.get("sampler", checkpoint.default_sampler),
            schedule=said.get("schedule", SCHEDULES[0]),
            seed=random_seed() if seed < 0 else seed,
            clip_skip=said.get("clip_skip", 1),
            emphasis=said.get("emphasis", EMPHASIS_MODES[0]),
            checkpoint=checkpoint.name,
            vae=said.get("vae", ""),
        )

    def chosen_size(self, checkpoint: Checkpoint) -> tuple[int, int]:
        """A drawn rectangle's size, or the one that was typed; the checkpoint's own where nothing was."""
        size: str = self.cleaned_data.get("size", "")
        if size and size != OWN_SIZE:
            across, _, down = size.partition("x")
            if not (across.isdecimal() and down.isdecimal() and len(size) < 10):
                raise InvalidRecipe("width", "Choose one of the sizes, or type width and height.", "bad-size")
            return int(across), int(down)
        typed = self.cleaned_data.get("width"), self.cleaned_data.get("height")
        return typed[0] or checkpoint.native_width, typed[1] or checkpoint.native_height

    @property
    def count_said(self) -> int:
        return self.cleaned_data.get("count") or 1

    def refuse(self, refusal: Refusal) -> None:
        """Put a refusal at the field it is about; without one it stands above the form."""
        field = FIELD_OF.get(refusal.field, refusal.field)
        self.add_error(field if field in self.fields else None, forms.ValidationError(refusal.message, refusal.code))


def fields_of(recipe: Recipe) -> dict[str, str]:
    """A recipe as the form's fields, so that it is drawn again exactly: the seed stays locked."""
    return {
        "prompt": recipe.prompt,
        "negative_prompt": recipe.negative_prompt,
        "checkpoint": recipe.checkpoint,
        "vae": recipe.vae,
        "size": f"{recipe.width}x{recipe.height}",
        "width": str(recipe.width),
        "height": str(recipe.height),
        "steps": str(recipe.steps),
        "cfg_scale": f"{recipe.cfg_scale:g}",
        "sampler": recipe.sampler,
        "schedule": recipe.schedule,
        "seed": str(recipe.seed),
        "seed_locked": "on",
        "clip_skip": str(recipe.clip_skip),
        "emphasis": recipe.emphasis,
    }


def default_fields(checkpoint: Checkpoint) -> dict[str, str]:
    """An untouched form."""
    return {
        "checkpoint": checkpoint.name,
        "size": f"{checkpoint.native_width}x{checkpoint.native_height}",
        "width": str(checkpoint.native_width),
        "height": str(checkpoint.native_height),
        "count": "4",
        "steps": str(checkpoint.default_steps),
        "cfg_scale": f"{checkpoint.default_cfg_scale:g}",
        "sampler": checkpoint.default_sampler,
        "schedule": SCHEDULES[0],
        "clip_skip": "1",
        "emphasis": EMPHASIS_MODES[0],
    }


def typed_fields(data: Mapping[str, Any]) -> dict[str, str]:
    """The form's own fields out of whatever was posted, as text: a draft."""
    return {name: str(data[name])[: 5 * MAX_PROMPT_CHARS] for name in RecipeForm.base_fields if name in data}
