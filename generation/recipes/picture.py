"""The recipe: all that decides a picture, as a frozen value. Pure: it knows no database, no request and no device.

What each field may be stands in `fields`; what a plan or a checkpoint allows is decided by the doors' verbs.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from generation.recipes.checks import InvalidRecipe
from generation.recipes.fields import FIELDS, check_size

UNTOLD_PROMPT = "…"
"""Of a recipe whose own prompt is not shared: with none at all it would be no recipe."""
MAX_LORAS = 5
WEIGHT_LIMIT = 2.0


@dataclass(frozen=True, slots=True)
class LoraPick:
    """One LoRA of a recipe: `weight` goes to the UNet, `text_weight` to the text encoder (None: the same weight).

    `sha256` pins the file; it is empty until the name has been looked up.
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
    width: int = FIELDS["width"].default
    height: int = FIELDS["height"].default
    steps: int = FIELDS["steps"].default
    cfg_scale: float = FIELDS["cfg_scale"].default
    sampler: str = FIELDS["sampler"].default
    schedule: str = FIELDS["schedule"].default
    seed: int = FIELDS["seed"].default
    clip_skip: int = FIELDS["clip_skip"].default
    emphasis: str = FIELDS["emphasis"].default
    checkpoint: str = ""
    checkpoint_sha256: str = ""
    vae: str = ""
    vae_sha256: str = ""
    loras: tuple[LoraPick, ...] = ()
    embeddings: tuple[EmbeddingPick, ...] = ()

    def __post_init__(self) -> None:
        for name, field in FIELDS.items():
            field.check(getattr(self, name))
        check_size(self.width, self.height)
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
