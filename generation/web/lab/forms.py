"""The lab's form: a recipe as on the Create page, and what changes from cell to cell. Rules are the plan's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict

from accounts.models import User
from accounts.refusals import Refusal
from generation.models import Checkpoint
from generation.recipes.grids.axes import AXES, Axis
from generation.recipes.grids.mixing import Mix
from generation.recipes.grids.plan import GridPlan
from generation.recipes.sampling import SAMPLERS, SCHEDULES
from generation.web.create.forms import RecipeForm, fields_of

MODES = (("mix", "Mix LoRAs"), ("axes", "Compare"))
LETTERS = ("x", "y", "z")
AXIS_CHARS = 500
STEPS = {"width": 8, "height": 8, "cfg_scale": 0.5}
"""By how much the arrows of a number field change it."""


class LabForm(RecipeForm):
    """`mode` decides which half counts: the LoRAs to mix, or up to three axes."""

    shown_at = {"width": "size", "height": "size"}
    mode = forms.ChoiceField(choices=MODES, required=False)
    points = forms.IntegerField(
        label="Steps along an edge", required=False, widget=forms.NumberInput(attrs={"min": 2, "max": 12})
    )
    strength = forms.FloatField(
        label="Strength together",
        required=False,
        widget=forms.NumberInput(attrs={"min": 0.1, "max": 2, "step": 0.05}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["negative_prompt"].widget = forms.TextInput()
        self.fields["sampler"].widget = forms.Select(choices=[(name, name) for name in SAMPLERS])
        self.fields["schedule"].widget = forms.Select(choices=[(name, name) for name in SCHEDULES])
        for name, step in STEPS.items():
            self.fields[name].widget.attrs["step"] = step
        for letter in LETTERS:
            choices = [("", "Nothing"), *((key, field.title) for key, field in AXES.items())]
            self.fields[f"{letter}_field"] = forms.ChoiceField(choices=choices, required=False)
            self.fields[f"{letter}_target"] = forms.CharField(max_length=200, required=False)
            self.fields[f"{letter}_values"] = forms.CharField(max_length=AXIS_CHARS, required=False)

    def offer(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Let the person choose among these."""
        self.fields["checkpoint"].widget = forms.Select(choices=[(row.name, row.title) for row in checkpoints])

    @property
    def mixed(self) -> tuple[str, ...]:
        """The LoRAs that were ticked, in their order."""
        data = self.data
        names = data.getlist("mix") if isinstance(data, QueryDict) else data.get("mix", [])
        return tuple(str(name)[:100] for name in names[:8])

    def plan(self, user: User) -> GridPlan:
        """The plan of a valid form. Raises Refusal."""
        data, recipe = self.cleaned_data, self.recipe(user)
        if data.get("mode") != "axes":
            mix = Mix(self.mixed, data.get("points") or 5, data.get("strength") or 1.0)
            return GridPlan(recipe, mix=mix)
        axes = (
            Axis.read(data[f"{letter}_field"], data[f"{letter}_values"], data[f"{letter}_target"])
            for letter in LETTERS
            if data[f"{letter}_field"]
        )
        return GridPlan(recipe, tuple(axes))


def fields_of_plan(plan: GridPlan) -> dict[str, Any]:
    """A plan as the form's fields, so that it is made again."""
    fields: dict[str, Any] = {**fields_of(plan.recipe), "mode": "mix" if plan.mix else "axes"}
    if plan.mix:
        fields |= {"mix": list(plan.mix.loras), "points": plan.mix.points, "strength": plan.mix.strength}
    for letter, axis in zip(LETTERS, plan.axes, strict=False):
        values = ", ".join(quoted(value) for value in axis.values)
        fields |= {f"{letter}_field": axis.field, f"{letter}_target": axis.target, f"{letter}_values": values}
    return fields


def quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if "," in value or '"' in value else value


class MergeForm(forms.Form):
    """A new LoRA out of several. Which ones and how much of each comes beside, by name."""

    title = forms.CharField(max_length=120, widget=forms.TextInput(attrs={"placeholder": "Ink and oil"}))
    rank = forms.IntegerField(
        min_value=1,
        max_value=256,
        initial=32,
        help_text="How much detail the file holds. The ranks of its parents together hold everything.",
    )

    def refuse(self, refusal: Refusal) -> None:
        field = refusal.field if refusal.field in self.fields else None
        self.add_error(field, forms.ValidationError(refusal.message, refusal.code))

    @property
    def weights(self) -> dict[str, float]:
        """LoRA to weight, of those that were ticked; what is no number is refused by the verb as not finite."""
        data = self.data
        names = data.getlist("merge") if isinstance(data, QueryDict) else data.get("merge", [])
        return {str(name)[:100]: number(data.get(f"weight-{name}", "1")) for name in names[:8]}


def number(text: Any) -> float:
    try:
        return float(str(text)[:20])
    except ValueError:
        return float("nan")
