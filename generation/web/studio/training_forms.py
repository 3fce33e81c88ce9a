"""The form of a new training: preset, every setting with its one line, what a search tries. Ranges are the recipe's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from accounts.forms import RefusableForm
from generation.models import Checkpoint, DataSet
from generation.recipes.checks import InvalidRecipe
from generation.recipes.presets import PRESETS, with_preset
from generation.recipes.training import OPTIMIZERS, PARTS, RANGES, RESOLUTION_RANGE, SCHEDULES, TrainingRecipe
from generation.training.runs.submission import first_recipe
from generation.training.searches.submission import AXES

LIMITS: Mapping[str, tuple[float, float]] = {field: limits for field, limits, _ in RANGES}
PART_NAMES = {
    "attention": "Attention",
    "feed_forward": "Feed-forward",
    "convolution": "Convolutions",
    "text_encoder": "Text encoder",
}
TITLES = {"adamw": "AdamW", "adafactor": "Adafactor", "sgd": "SGD"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a training recipe: what it is called, and one line that explains it."""

    field: str
    label: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    settings: Sequence[Setting]


GROUPS = tuple(
    Group(title, tuple(Setting(*row) for row in rows))
    for title, rows in {
        "How long and how fast": [
            ("steps", "Steps", "How often it learns from a few pictures. The best moment often comes early."),
            ("learning_rate", "Learning rate", "How far each step goes. Too high forgets, too low learns nothing."),
            ("batch", "Batch", "Pictures learned from at once. More is calmer, and costs as much more."),
            ("gradient_accumulation", "Accumulation", "Batches gathered before one step: a larger batch, slower."),
            ("schedule", "Schedule", "How the rate falls: not at all, in a line, or like a wave to nothing."),
            ("warmup_steps", "Warm-up steps", "Steps in which the rate rises from nothing, for a gentle start."),
            ("optimizer", "Optimizer", "The rule by which steps are taken. AdamW is the usual one."),
            ("weight_decay", "Weight decay", "Pulls what is learned towards nothing, so that it stays small."),
        ],
        "What learns": [
            ("rank", "Rank", "The room a LoRA has. More holds more detail, makes a larger file, and cramps less."),
            ("alpha", "Alpha", "The strength of what is learned, over the rank. The rank itself is usual."),
            ("parts", "Layers", "Attention alone takes a style; the others take shapes, and overfit sooner."),
            ("text_learning_rate", "Text rate", "The rate of the text encoder, when it learns; usually a quarter."),
            ("resolution", "Resolution", "Pixels of a side. Empty: what the checkpoint was taught with."),
        ],
        "Against learning by heart": [
            ("caption_dropout", "Caption dropout", "The share of looks without a caption; frees the style."),
            ("flip", "Mirror pictures", "Half of the looks are mirrored. Not for faces, letters, or clocks."),
            ("min_snr_gamma", "Min-SNR gamma", "Evens out easy and hard noise; 5 is usual, 0 leaves it off."),
            ("noise_offset", "Noise offset", "Lets it learn very dark and very bright pictures; 0.05 is much."),
            ("prior_weight", "Prior weight", "How much pictures of the kind count, to remember it."),
            ("prior_prompt", "Prior prompt", "The kind of thing: “a cat”, where yours has a name."),
            ("prior_pictures", "Prior pictures", "How many pictures of the kind are drawn first."),
            ("folds", "Folds", "Each picture has its turn at being held out. Costs a training each."),
        ],
        "Samples and memory": [
            ("sample_every", "Sample distance", "Steps between two snapshots, each with samples and a file."),
            ("sample_prompts", "Sample prompts", "One a line, up to 8. Empty: captions of your pictures."),
            ("seed", "Seed", "Same pictures, same recipe, same seed: the same LoRA."),
            ("cache", "Keep in memory", "Encodes pictures and captions once, instead of at every look."),
            ("gradient_checkpointing", "Save memory", "Less memory, about a third slower."),
        ],
    }.items()
)  # fmt: skip
TRAINING_SETTINGS = {setting.field: setting for group in GROUPS for setting in group.settings}
AXIS_CHARS = 60


def field_for(name: str, default: Any) -> forms.Field:
    """The form's field of a recipe's field, by the kind of its default."""
    label = TRAINING_SETTINGS[name].label
    choices = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES}
    if name == "parts":
        named = [(part, PART_NAMES[part]) for part in PARTS]
        return forms.MultipleChoiceField(label=label, choices=named, widget=forms.CheckboxSelectMultiple)
    if name in choices:
        return forms.ChoiceField(
            label=label, choices=[(each, TITLES.get(each, each.capitalize())) for each in choices[name]]
        )
    if name == "sample_prompts":
        return forms.CharField(label=label, required=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 3}))
    if name == "resolution":
        return forms.IntegerField(label=label, required=False, min_value=0, max_value=RESOLUTION_RANGE[1])
    if isinstance(default, bool):
        return forms.BooleanField(label=label, required=False)
    if isinstance(default, str):
        return forms.CharField(label=label, required=False, max_length=200)
    low, high = LIMITS[name]
    if isinstance(default, int):
        return forms.IntegerField(label=label, required=False, min_value=int(low), max_value=int(high))
    widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
    return forms.FloatField(label=label, required=False, min_value=low, max_value=high, widget=widget)


class TrainingForm(RefusableForm):
    """Numbers that are left empty are the preset's; ticks and lists mean what they show."""

    name = forms.CharField(max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))
    checkpoint = forms.CharField(required=False, max_length=100)
    preset = forms.ChoiceField(choices=[(name, preset.title) for name, preset in PRESETS.items()])
    budget = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        defaults = TrainingRecipe()
        for name in TRAINING_SETTINGS:
            self.fields[name] = field_for(name, getattr(defaults, name))
        for axis in AXES:
            self.fields[f"axis_{axis}"] = forms.CharField(required=False, max_length=AXIS_CHARS)

    def groups(self) -> Iterable[dict[str, Any]]:
        """The settings with their fields, for the template."""
        for group in GROUPS:
            yield {
                "title": group.title,
                "settings": [{"setting": setting, "field": self[setting.field]} for setting in group.settings],
            }

    def axes_shown(self) -> Iterable[dict[str, Any]]:
        for axis in AXES:
            yield {"label": TRAINING_SETTINGS[axis].label, "field": self[f"axis_{axis}"]}

    def recipe(self, dataset: DataSet, checkpoint: Checkpoint) -> TrainingRecipe:
        """The recipe of a valid form. Raises InvalidRecipe."""
        values = {name: self.cleaned_data[name] for name in TRAINING_SETTINGS}
        prompts = tuple(line.strip() for line in values.pop("sample_prompts").splitlines() if line.strip())
        typed = {name: value for name, value in values.items() if value not in (None, "")}
        typed |= {"parts": tuple(typed["parts"]), "sample_prompts": prompts}
        first, preset = first_recipe(dataset, checkpoint), self.cleaned_data["preset"]
        return with_preset(first, preset, checkpoint.family, **typed)

    def axes(self) -> dict[str, list[Any]]:
        """What a search tries: `4, 8, 16` for the rank. Raises InvalidRecipe for what is no such value."""
        defaults = TrainingRecipe()
        texts = {axis: self.cleaned_data[f"axis_{axis}"] for axis in AXES}
        return {axis: _values(axis, text, getattr(defaults, axis)) for axis, text in texts.items() if text.strip()}


def _values(axis: str, text: str, default: Any) -> list[Any]:
    words = [word.strip() for word in text.replace(";", ",").split(",") if word.strip()]
    try:
        return words if isinstance(default, str) else [type(default)(word) for word in words]
    except ValueError as error:
        label = TRAINING_SETTINGS[axis].label
        raise InvalidRecipe(f"axis_{axis}", f"{label}: write numbers with commas between.", "bad-axis") from error


def fields_of(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's fields, which need not be a whole recipe yet, as the form's."""
    values = {name: recipe[name] for name in TRAINING_SETTINGS}
    numbers = {name: f"{value:g}" for name, value in values.items() if isinstance(value, float)}
    return {
        **values,
        **numbers,
        "parts": list(recipe["parts"]),
        "resolution": recipe["resolution"] or "",
        "sample_prompts": "\n".join(recipe["sample_prompts"]),
    }
