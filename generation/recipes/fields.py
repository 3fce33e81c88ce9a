"""The table of a picture recipe's fields: all that forms, the API, infotext, grids and the shell know of each. Pure.

A row's name is the attribute of `Recipe`, the JSON name, the field of the form and the kind of axis. To add a field,
add a row here, the attribute to `Recipe`, and what the engine does with it; every door then has it.
What is no single value (LoRAs, embeddings, the pins of files) has no row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from accounts.refusals import Refusal
from generation.recipes.checks import MAX_SEED, InvalidRecipe, check_range
from generation.recipes.sampling import SAMPLERS, SCHEDULES

MAX_PROMPT_CHARS = 2_000
MAX_PIXELS = 1_572_864
MAX_NAME_CHARS = 100
SIDE_RANGE = (64, 1536)
STEPS_RANGE = (1, 60)
EMPHASIS_MODES = {"original": "Original", "no-norm": "No norm"}
SIDE_STEP = 8
"""Sides are multiples of it: the latents' eighth of the picture has whole pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeField:
    """One field of a recipe; its subclasses are the kinds of values.

    `short` is the title where there is little room, `explanation` for people who see the field for the first time.
    `checkpoint` names the attribute of a checkpoint that is the default, where `default` is not. `infotext` is A1111's
    key; a field that is not `written` is left out where it has its default. `option` is that of `manage.py render`,
    where it is not the name. `control` is the template of the Create page's control; without one the page has a place
    of its own for the field. `axis` says how values of texts are written in a grid.
    """

    kind: ClassVar[str] = "a text"
    name: str
    title: str
    explanation: str
    short: str = ""
    default: Any = ""
    checkpoint: str = ""
    infotext: str = ""
    written: bool = True
    option: str = ""
    control: str = ""
    axis: str = "Names, with commas between"

    @property
    def label(self) -> str:
        return self.short or self.title

    def read(self, text: str) -> Any:
        """The value that a text means, also out of its range. Raises InvalidRecipe for what is no such value."""
        return text

    def text(self, value: Any) -> str:
        """The value as it is typed."""
        return str(value)

    def check(self, value: Any) -> None:
        """Raise InvalidRecipe for a value that the field cannot have, whatever the others are."""

    def title_of(self, value: Any) -> str:
        """The value as people read it."""
        return self.text(value)

    def to_infotext(self, value: Any) -> str:
        return str(value)

    def from_infotext(self, text: str) -> Any:
        """The value that a picture tells. Raises InvalidRecipe."""
        value = self.read(text)
        self.check(value)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt(RecipeField):
    """Text as it was typed, blanks and all; line ends are the newline alone."""

    required: bool = False

    def read(self, text: str) -> str:
        return text.replace("\r\n", "\n")

    def check(self, value: str) -> None:
        if self.required and not value.strip():
            raise InvalidRecipe(self.name, "Write a prompt first: a few words about the picture.", "empty-prompt")
        if len(value) > MAX_PROMPT_CHARS:
            sentence = f"The text has {len(value)} characters; at most {MAX_PROMPT_CHARS} are read."
            raise InvalidRecipe(self.name, sentence, "prompt-too-long")
        if "\x00" in value:
            sentence = "The text holds a NUL character, which no prompt can have."
            raise InvalidRecipe(self.name, sentence, "bad-character")


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(RecipeField):
    """What the site has, by its name. Whether it has it is not known here."""

    names: tuple[str, ...] = ()
    """All that there can be; empty where the catalog decides."""

    @property
    def choices(self) -> Mapping[str, str]:
        return dict(zip(self.names, self.names, strict=True))

    def check(self, value: str) -> None:
        if len(value) > MAX_NAME_CHARS or "\x00" in value:
            raise InvalidRecipe(self.name, f"{self.title} is a name of at most {MAX_NAME_CHARS} characters.")

    def check_known(self, value: str) -> None:
        """Raise Refusal for what is none of `names`. No part of `check`, since kept recipes may name what has gone."""
        if self.names and value not in self.names:
            sentence = f"There is no {self.title[0].lower()}{self.title[1:]} “{value}”."
            raise Refusal(f"unknown-{self.name}", sentence, field=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(RecipeField):
    """One of a few words; `choices` maps each to what people and infotext call it."""

    choices: Mapping[str, str]

    def check(self, value: str) -> None:
        if value not in self.choices:
            raise InvalidRecipe(self.name, f"{self.title} must be one of: {', '.join(self.choices)}.")

    def title_of(self, value: str) -> str:
        return self.choices[value]

    def to_infotext(self, value: str) -> str:
        return self.choices[value]

    def from_infotext(self, text: str) -> str:
        for value, title in self.choices.items():
            if title == text:
                return value
        raise InvalidRecipe(self.name, f"{self.title} must be one of: {', '.join(self.choices.values())}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(RecipeField):
    """A number within limits, both included; `slider` are the ends and the step of the page's slider."""

    limits: tuple[float, float]
    slider: tuple[float, float, float] = (0, 0, 1)
    number: ClassVar[Any] = float
    kind: ClassVar[str] = "a number"
    inputmode: ClassVar[str] = "decimal"
    typed_step: ClassVar[str] = "0.1"

    @property
    def most(self) -> float | None:
        """The upper limit, where there is one."""
        return None if math.isinf(self.limits[1]) else self.limits[1]

    def read(self, text: str) -> Any:
        try:
            return self.number(text)
        except (ValueError, OverflowError):
            raise InvalidRecipe(self.name, f"{self.title} must be {self.kind}.") from None

    def text(self, value: Any) -> str:
        return f"{value:g}"

    def to_infotext(self, value: float) -> str:
        """With all its digits, so that it is read back exactly."""
        return repr(self.number(value)).removesuffix(".0")

    def check(self, value: float) -> None:
        check_range(self.name, value, self.limits, self.title)


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeNumber(Number):
    number: ClassVar[Any] = int
    kind: ClassVar[str] = "a whole number"
    inputmode: ClassVar[str] = "numeric"
    typed_step: ClassVar[str] = "1"

    def text(self, value: int) -> str:
        return str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side(WholeNumber):
    """Pixels of one side, in steps of SIDE_STEP; infotext has both sides as one `Size`."""

    typed_step: ClassVar[str] = str(SIDE_STEP)
    limits: tuple[float, float] = SIDE_RANGE


ROWS: tuple[RecipeField, ...] = (
    Prompt(
        name="prompt",
        title="Prompt",
        explanation="The words that describe the picture. Plain English works; the first words weigh most.",
        required=True,
    ),
    Prompt(
        name="negative_prompt",
        title="Negative prompt",
        explanation="What the picture should not have. It has an effect only while CFG is above 1.",
        option="negative",
        axis="Whole negative prompts, in quotes",
    ),
    Side(
        name="width",
        title="Width",
        explanation="Pixels from left to right. Checkpoints draw best near the size they were taught with.",
        default=512,
        checkpoint="native_width",
    ),
    Side(
        name="height",
        title="Height",
        explanation="Pixels from top to bottom. Checkpoints draw best near the size they were taught with.",
        default=512,
        checkpoint="native_height",
    ),
    WholeNumber(
        name="steps",
        title="Steps",
        explanation="How often the picture is refined. More take longer and cost more; past 30 little changes.",
        default=20,
        limits=STEPS_RANGE,
        checkpoint="default_steps",
        infotext="Steps",
        control="slider",
        slider=(1, 60, 1),
    ),
    Number(
        name="cfg_scale",
        title="CFG scale",
        short="CFG",
        explanation="How strictly the picture follows the prompt. Low is loose, high is hard and overdrawn.",
        default=7.0,
        limits=(1, 30),
        checkpoint="default_cfg_scale",
        infotext="CFG scale",
        option="cfg",
        control="slider",
        slider=(1, 15, 0.5),
    ),
    Name(
        name="sampler",
        title="Sampler",
        explanation="The recipe by which noise becomes a picture. Euler is a good start; others give other details.",
        default="Euler",
        names=SAMPLERS,
        checkpoint="default_sampler",
        infotext="Sampler",
        control="select",
        axis=f"{', '.join(SAMPLERS[:4])} …",
    ),
    Name(
        name="schedule",
        title="Schedule type",
        explanation="How the noise is spread over the steps. Automatic takes what suits the sampler.",
        default=SCHEDULES[0],
        names=SCHEDULES,
        infotext="Schedule type",
        control="select",
        axis=", ".join(SCHEDULES),
    ),
    WholeNumber(
        name="seed",
        title="Seed",
        explanation="The number the noise starts from. Same recipe and same seed: same picture.",
        default=0,
        limits=(0, MAX_SEED),
        infotext="Seed",
        control="seed",
    ),
    Name(
        name="checkpoint",
        title="Checkpoint",
        explanation="The weights that draw: what a checkpoint has seen decides what it can picture.",
        checkpoint="name",
        control="checkpoint",
    ),
    Name(
        name="vae",
        title="VAE",
        explanation="What turns the checkpoint's inner picture into pixels. Its own is nearly always best.",
        control="vae",
    ),
    WholeNumber(
        name="clip_skip",
        title="Clip skip",
        explanation="How many of the text reader's last layers are left out. Some checkpoints were taught with 2.",
        default=1,
        limits=(1, 12),
        infotext="Clip skip",
        written=False,
        control="number",
    ),
    Choice(
        name="emphasis",
        title="Emphasis",
        explanation="How weights such as (word:1.3) are balanced. Original keeps the overall strength.",
        default="original",
        choices=EMPHASIS_MODES,
        axis=", ".join(EMPHASIS_MODES),
        infotext="Emphasis",
        written=False,
        control="select",
    ),
)
"""Every field, in the order in which the API and the shell tell them."""

FIELDS: Mapping[str, RecipeField] = {row.name: row for row in ROWS}

COUNT = WholeNumber(
    name="count",
    title="Number of pictures",
    short="Pictures",
    explanation="How many pictures one press makes, each with its own seed. Your plan says how many at most.",
    default=1,
    limits=(1, math.inf),
)
"""Of a submission and not of a recipe, so it is none of FIELDS. How many at most is the plan's to say."""


def defaults_for(checkpoint: Any) -> dict[str, Any]:
    """Each field's default with this checkpoint, by name; the prompt has none, the seed is drawn by who asks."""
    return {
        row.name: getattr(checkpoint, row.checkpoint) if row.checkpoint else row.default
        for row in FIELDS.values()
        if row.name not in ("prompt", "seed")
    }


def check_size(width: int, height: int) -> None:
    for field, side in (("width", width), ("height", height)):
        FIELDS[field].check(side)
        if side % SIDE_STEP:
            raise InvalidRecipe(field, f"{FIELDS[field].title} must be a multiple of {SIDE_STEP}.", "bad-size")
    if width * height > MAX_PIXELS:
        raise InvalidRecipe("width", f"{width}×{height} is more than {MAX_PIXELS:,} pixels.", "bad-size")
