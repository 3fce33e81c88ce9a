"""The lab's form: a recipe as on the Create page, and what changes from cell to cell. Rules are the plan's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict

from accounts.models import User
from accounts.refusals import Refusal
from generation.jobs.pinning import picture_of
from generation.jobs.submission import random_seed
from generation.models import Checkpoint, Lora, Vae
from generation.recipes.fields import FIELDS, MAX_PROMPT_CHARS, Choice, Name, Number, Prompt, RecipeField
from generation.recipes.grids.axes import AXES, Axis
from generation.recipes.grids.between import FRAMES, KINDS, RATES, Between
from generation.recipes.grids.mixing import POINTS, Mix
from generation.recipes.grids.plan import GridPlan
from generation.recipes.starting import PictureRef
from generation.web.create.control_pictures import refusals_at
from generation.web.create.forms import RecipeForm, fields_of

MODES = (("mix", "Mix LoRAs"), ("axes", "Compare"), ("between", "Between"))
LETTERS = ("x", "y", "z")
AXIS_CHARS = 500
ADDRESS_CHARS = 300
SHARED = tuple(name for name in FIELDS if name != "prompt")
"""What stands the same in every cell, but for what an axis changes: all that a recipe has beside its prompt."""


class LabForm(RecipeForm):
    """`mode` decides which half counts: the LoRAs to mix, or up to three axes."""

    shown_at = {"width": "size", "height": "size"}
    mode = forms.ChoiceField(choices=MODES, required=False)
    points = forms.IntegerField(
        label="Steps along an edge",
        required=False,
        help_text=", ".join(f"{shape}: {low} to {high}" for shape, (low, high) in POINTS.items()).capitalize(),
        widget=forms.NumberInput(
            attrs={"min": min(low for low, _ in POINTS.values()), "max": max(high for _, high in POINTS.values())}
        ),
    )
    way = forms.ChoiceField(label="Between", choices=[*KINDS.items()], required=False)
    other_seed = forms.IntegerField(
        label="Other seed", required=False, help_text="Where the way leads to. Empty: a new one."
    )
    other_prompt = forms.CharField(
        label="Other prompt",
        required=False,
        max_length=MAX_PROMPT_CHARS,
        help_text="Where the way leads to. Of two pictures: what the second one shows.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    first_picture = forms.CharField(
        label="From the picture", required=False, max_length=ADDRESS_CHARS, help_text="The address of its page."
    )
    second_picture = forms.CharField(label="To the picture", required=False, max_length=ADDRESS_CHARS)
    frames = forms.IntegerField(
        label="Pictures",
        required=False,
        widget=forms.NumberInput(attrs={"min": FRAMES[0], "max": FRAMES[1]}),
        help_text="How many are drawn on the way, both ends among them.",
    )
    rate = forms.IntegerField(
        label="Pictures a second",
        required=False,
        widget=forms.NumberInput(attrs={"min": RATES[0], "max": RATES[1]}),
        help_text="Of the film.",
    )
    loop = forms.BooleanField(
        label="Loop", required=False, help_text="The film goes back the way it came, for ever. Else it is a strip."
    )
    strength = forms.FloatField(
        label="Strength together",
        required=False,
        widget=forms.NumberInput(attrs={"min": 0.1, "max": 2, "step": 0.05}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in SHARED:
            self.fields[name].widget = widget_of(FIELDS[name])
        for letter in LETTERS:
            choices = [("", "Nothing"), *((key, field.title) for key, field in AXES.items())]
            self.fields[f"{letter}_field"] = forms.ChoiceField(choices=choices, required=False)
            self.fields[f"{letter}_target"] = forms.CharField(max_length=200, required=False)
            self.fields[f"{letter}_values"] = forms.CharField(max_length=AXIS_CHARS, required=False)

    def offer(self, checkpoints: Iterable[Checkpoint], vaes: Iterable[Vae]) -> None:
        """Let the person choose among these. Without a VAE there is nothing to choose."""
        self.fields["checkpoint"].widget = forms.Select(choices=[(row.name, row.title) for row in checkpoints])
        named = [(row.name, row.title) for row in vaes]
        own = ("", "The checkpoint's own")
        self.fields["vae"].widget = forms.Select(choices=[own, *named]) if named else forms.HiddenInput()

    @property
    def shared_wide(self) -> list[forms.BoundField]:
        """Texts and names of the catalog, which need a line of their own."""
        return [self[name] for name in SHARED if is_wide(FIELDS[name])]

    @property
    def shared_pairs(self) -> list[forms.BoundField]:
        return [self[name] for name in SHARED if not is_wide(FIELDS[name])]

    @property
    def wrong_shared(self) -> bool:
        return any(self.errors.get(name) for name in (*SHARED, "size"))

    @property
    def mixed(self) -> tuple[str, ...]:
        """The LoRAs that were ticked, in their order."""
        data = self.data
        names = data.getlist("mix") if isinstance(data, QueryDict) else data.get("mix", [])
        return tuple(str(name)[:100] for name in names[:8])

    def plan(self, user: User) -> GridPlan:
        """The plan of a valid form. Raises Refusal."""
        data, recipe = self.cleaned_data, self.recipe(user)
        if data.get("mode") == "between":
            return GridPlan(recipe, between=self.between(user))
        if data.get("mode") != "axes":
            mix = Mix(self.mixed, data.get("points") or 5, data.get("strength") or 1.0)
            return GridPlan(recipe, mix=mix)
        axes = (
            Axis.read(data[f"{letter}_field"], data[f"{letter}_values"], data[f"{letter}_target"])
            for letter in LETTERS
            if data[f"{letter}_field"]
        )
        return GridPlan(recipe, tuple(axes))

    def between(self, user: User) -> Between:
        """The way of a valid form. Raises Refusal."""
        data = self.cleaned_data
        kind = data.get("way") or "seeds"
        seed = data.get("other_seed")
        return Between(
            kind,
            data.get("frames") or 12,
            data.get("rate") or 8,
            bool(data.get("loop")),
            random_seed() if seed is None else seed,
            data.get("other_prompt") or "",
            self.ends(user) if kind == "pictures" else (),
        )

    def ends(self, user: User) -> tuple[PictureRef, ...]:
        """The pictures that a way leads from and to. Raises Refusal."""
        pictures = []
        for name in ("first_picture", "second_picture"):
            with refusals_at(name):
                address = self.cleaned_data.get(name) or ""
                if not address:
                    raise Refusal("no-picture", "Name two pictures, by the addresses of their pages.")
                # An address ends in the picture's code, which may also stand alone.
                pictures.append(picture_of(user, address.rstrip("/").rpartition("/")[2]))
        return tuple(pictures)


def is_wide(row: RecipeField) -> bool:
    return isinstance(row, Prompt) or isinstance(row, Name) and not row.names


def widget_of(row: RecipeField) -> forms.Widget:
    """The control of a row: a list of what there can be, or a line to type into."""
    if isinstance(row, Number):
        most = {} if row.most is None else {"max": f"{row.most:g}"}
        return forms.NumberInput(attrs={"min": f"{row.limits[0]:g}", **most, "step": row.typed_step})
    if isinstance(row, Name | Choice):
        return forms.Select(choices=[*row.choices.items()])
    return forms.TextInput()


def axis_choices(
    checkpoints: Iterable[Checkpoint], vaes: Iterable[Vae], loras: Iterable[Lora]
) -> dict[str, list[tuple[str, str]]]:
    """By the kind of an axis the names, with their titles, that its values can be chosen from."""
    fixed = {name: [*row.choices.items()] for name, row in FIELDS.items() if isinstance(row, Name | Choice)}
    return {name: choices for name, choices in fixed.items() if choices} | {
        "checkpoint": [(row.name, row.title) for row in checkpoints],
        "vae": [(row.name, row.title) for row in vaes],
        "lora": [(row.word, row.title) for row in loras],
    }


def fields_of_plan(plan: GridPlan) -> dict[str, Any]:
    """A plan as the form's fields, so that it is made again."""
    fields: dict[str, Any] = {**fields_of(plan.recipe), "mode": "mix" if plan.mix else "axes"}
    if way := plan.between:
        codes = [picture.code for picture in way.pictures] or ["", ""]
        fields |= {
            "mode": "between", "way": way.kind, "frames": way.frames, "rate": way.rate, "loop": way.loop,
            "other_seed": way.seed, "other_prompt": way.prompt, "first_picture": codes[0], "second_picture": codes[1],
        }  # fmt: skip
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
