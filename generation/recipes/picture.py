"""The recipe: all that decides a picture, as a frozen value. Pure: it knows no database, no request and no device.

Range checks here are those of the format; what a plan or a checkpoint allows is decided by the doors' verbs.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from accounts.refusals import Refusal

MAX_PROMPT_CHARS = 2_000
MAX_SEED = 2**32 - 1
SIDE_RANGE = (64, 1536)
MAX_PIXELS = 1_572_864
STEPS_RANGE = (1, 60)
CFG_RANGE = (1.0, 30.0)
CLIP_SKIP_RANGE = (1, 12)
MAX_LORAS = 5
WEIGHT_LIMIT = 2.0
EMPHASIS_MODES = ("original", "no-norm")


class InvalidRecipe(Refusal):
    """A recipe with a value that cannot be; `field` names it, and the code is `bad-<field>` unless one is given."""

    status = 422

    def __init__(self, field: str, message: str, code: str = "") -> None:
        super().__init__(code or f"bad-{field.replace('_', '-')}", message, field=field)


@dataclass(frozen=True, slots=True)
class LoraPick:
    """One LoRA of a recipe: `weight` goes to the UNet, `text_weight` to the text encoder (None: the same weight).

    `sha256` pins the file; it is empty until `submission` has looked the name up.
    """

    name: str
    weight: float = 1.0
    text_weight: float | None = None
    sha256: str = ""

    def __post_init__(self) -> None:
        for value in (self.weight, self.text_weight):
            if value is not None and not (math.isfinite(value) and abs(value) <= WEIGHT_LIMIT):
                sentence = f"The weight of LoRA “{self.name}” must lie between -2 and 2."
                raise InvalidRecipe("loras", sentence, "bad-lora-weight")

    @property
    def encoder_weight(self) -> float:
        return self.weight if self.text_weight is None else self.text_weight


@dataclass(frozen=True, slots=True)
class EmbeddingPick:
    """A textual-inversion embedding that the prompt names as a word, pinned to its file."""

    name: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a picture. Sizes in pixels, `seed` 0..2**32-1, `cfg_scale` 1 means no negative branch.

    `prompt` keeps its `<lora:...>` tags, as infotext does; `loras` holds the same picks, pinned.
    `checkpoint` and `vae` are catalog names; their `..._sha256` pin the files. An empty `vae` is the checkpoint's own.
    """

    prompt: str
    negative_prompt: str = ""
    width: int = 512
    height: int = 512
    steps: int = 20
    cfg_scale: float = 7.0
    sampler: str = "Euler"
    schedule: str = "Automatic"
    seed: int = 0
    clip_skip: int = 1
    emphasis: str = "original"
    checkpoint: str = ""
    checkpoint_sha256: str = ""
    vae: str = ""
    vae_sha256: str = ""
    loras: tuple[LoraPick, ...] = ()
    embeddings: tuple[EmbeddingPick, ...] = ()

    def __post_init__(self) -> None:
        check_prompt("prompt", self.prompt)
        check_prompt("negative_prompt", self.negative_prompt)
        check_size(self.width, self.height)
        check_range("steps", self.steps, STEPS_RANGE, "Steps")
        check_range("cfg_scale", self.cfg_scale, CFG_RANGE, "CFG scale")
        check_range("seed", self.seed, (0, MAX_SEED), "Seed")
        check_range("clip_skip", self.clip_skip, CLIP_SKIP_RANGE, "Clip skip")
        if self.emphasis not in EMPHASIS_MODES:
            raise InvalidRecipe("emphasis", f"Emphasis must be one of: {', '.join(EMPHASIS_MODES)}.")
        if len(self.loras) > MAX_LORAS:
            raise InvalidRecipe("loras", f"A recipe takes at most {MAX_LORAS} LoRAs.", "too-many-loras")

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary that `from_json` reads back to an equal recipe."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Recipe:
        picks = tuple(LoraPick(**pick) for pick in data.get("loras", ()))
        embeddings = tuple(EmbeddingPick(**pick) for pick in data.get("embeddings", ()))
        return cls(**{**data, "loras": picks, "embeddings": embeddings})

    def replace(self, **changes: Any) -> Recipe:
        return dataclasses.replace(self, **changes)


def check_prompt(field: str, text: str) -> None:
    if field == "prompt" and not text.strip():
        raise InvalidRecipe(field, "Write a prompt first: a few words about the picture.", "empty-prompt")
    if len(text) > MAX_PROMPT_CHARS:
        raise InvalidRecipe(
            field, f"The text has {len(text)} characters; at most {MAX_PROMPT_CHARS} are read.", "prompt-too-long"
        )
    if "\x00" in text:
        raise InvalidRecipe(field, "The text holds a NUL character, which no prompt can have.", "bad-character")


def check_size(width: int, height: int) -> None:
    low, high = SIDE_RANGE
    for field, side in (("width", width), ("height", height)):
        check_range(field, side, SIDE_RANGE, field.capitalize())
        if side % 8:
            raise InvalidRecipe(field, f"{field.capitalize()} must be a multiple of 8.", "bad-size")
    if width * height > MAX_PIXELS:
        raise InvalidRecipe("width", f"{width}×{height} is more than {MAX_PIXELS:,} pixels.", "bad-size")


def check_range(field: str, value: float, limits: tuple[float, float], label: str) -> None:
    low, high = limits
    if not math.isfinite(value) or not low <= value <= high:
        raise InvalidRecipe(field, f"{label} must lie between {low:g} and {high:g}.")
