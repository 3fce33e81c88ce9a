"""The training recipe: all that decides a LoRA besides its pictures, as a frozen value. Pure, like `picture`."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from generation.recipes.checks import MAX_SEED, InvalidRecipe, check_range

PARTS = ("attention", "feed_forward", "convolution", "text_encoder")
OPTIMIZERS = ("adamw", "adafactor", "sgd")
SCHEDULES = ("constant", "linear", "cosine")
STEPS_RANGE = (1, 20_000)
RANK_RANGE = (1, 128)
BATCH_RANGE = (1, 16)
RESOLUTION_RANGE = (64, 1024)
RATE_RANGE = (1e-7, 0.1)
MAX_SAMPLE_PROMPTS = 8
DEFAULT_SAMPLES = 4
"""Drawn at a snapshot where the recipe names no prompts."""
MAX_TRIGGER_CHARS = 80
"""Also of any trigger word of a LoRA: what a training was called by is one."""
MAX_SNAPSHOTS = 40
"""Each keeps a LoRA file and samples in its owner's storage."""
SAMPLE_STEPS = 20
"""Drawing steps of one sample, and of one picture of the prior."""
MEASURED_ROWS = 32
"""About as many rows one loss is measured on."""
VALIDATE_EVERY = 50
"""Steps between two validation losses."""


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """Everything that decides a training but the pictures. Rates are per step, sizes in pixels, chances in 0..1.

    `parts` names what of the networks gets a LoRA. `trigger` is the word or phrase that calls the learned thing; it is
    the caption of pictures that have none. A `resolution` of 0 is the checkpoint's own, `held_out` None a quarter of
    the pictures (2 of 9), `folds` 1 a single split. A `min_snr_gamma` of 0 weighs all noise levels alike.
    """

    checkpoint: str = ""
    checkpoint_sha256: str = ""
    trigger: str = ""
    parts: tuple[str, ...] = ("attention",)
    rank: int = 8
    alpha: float = 8.0
    steps: int = 2500
    batch: int = 4
    gradient_accumulation: int = 1
    resolution: int = 0
    learning_rate: float = 1e-3
    text_learning_rate: float = 1e-4
    optimizer: str = "adamw"
    weight_decay: float = 0.01
    schedule: str = "constant"
    warmup_steps: int = 0
    min_snr_gamma: float = 0.0
    noise_offset: float = 0.0
    caption_dropout: float = 0.1
    flip: bool = False
    prior_weight: float = 0.0
    prior_prompt: str = ""
    prior_pictures: int = 16
    gradient_checkpointing: bool = False
    cache: bool = True
    held_out: int | None = None
    folds: int = 1
    sample_every: int = 500
    sample_prompts: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        for field, limits, label in RANGES:
            check_range(field, getattr(self, field), limits, label)
        for field, known in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
            if getattr(self, field) not in known:
                raise InvalidRecipe(field, f"{field.capitalize()} must be one of: {', '.join(known)}.")
        if not self.parts or not set(self.parts) <= set(PARTS):
            raise InvalidRecipe("parts", f"Train at least one of: {', '.join(PARTS)}.")
        if self.resolution and self.resolution % 8:
            raise InvalidRecipe("resolution", "Resolution must be a multiple of 8.")
        if len(self.sample_prompts) > MAX_SAMPLE_PROMPTS:
            raise InvalidRecipe("sample_prompts", f"At most {MAX_SAMPLE_PROMPTS} sample prompts are drawn.")
        if self.prior_weight and not self.prior_prompt.strip():
            sentence = (
                "Name the kind of thing under the prior prompt, “a cat” for instance, or set the prior weight to 0."
            )
            raise InvalidRecipe("prior_prompt", sentence)
        if self.steps > MAX_SNAPSHOTS * self.sample_every:
            least = math.ceil(self.steps / MAX_SNAPSHOTS)
            sentence = (
                f"At most {MAX_SNAPSHOTS} snapshots are made: for {self.steps} steps take every {least}th or fewer."
            )
            raise InvalidRecipe("sample_every", sentence)
        if len(self.trigger) > MAX_TRIGGER_CHARS:
            raise InvalidRecipe("trigger", f"A trigger has at most {MAX_TRIGGER_CHARS} characters.")

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary that `from_json` reads back to an equal recipe."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> TrainingRecipe:
        lists: dict[str, Any] = {name: tuple(value) for name, value in data.items() if isinstance(value, list)}
        return cls(**{**data, **lists})

    def replace(self, **changes: Any) -> TrainingRecipe:
        return dataclasses.replace(self, **changes)


RANGES: tuple[tuple[str, tuple[float, float], str], ...] = (
    ("rank", RANK_RANGE, "Rank"),
    ("alpha", (0.01, 256), "Alpha"),
    ("steps", STEPS_RANGE, "Steps"),
    ("batch", BATCH_RANGE, "Batch"),
    ("gradient_accumulation", (1, 16), "Gradient accumulation"),
    ("learning_rate", RATE_RANGE, "Learning rate"),
    ("text_learning_rate", RATE_RANGE, "Text learning rate"),
    ("weight_decay", (0, 1), "Weight decay"),
    ("warmup_steps", (0, STEPS_RANGE[1]), "Warm-up steps"),
    ("min_snr_gamma", (0, 20), "Min-SNR gamma"),
    ("noise_offset", (0, 1), "Noise offset"),
    ("caption_dropout", (0, 1), "Caption dropout"),
    ("prior_weight", (0, 1), "Prior weight"),
    ("prior_pictures", (1, 100), "Prior pictures"),
    ("folds", (1, 10), "Folds"),
    ("sample_every", (10, STEPS_RANGE[1]), "Sample distance"),
    ("seed", (0, MAX_SEED), "Seed"),
)


def split(count: int, seed: int, held_out: int | None = None) -> frozenset[int]:
    """The indices of the pictures that are held out of training, by seed; at least one picture is always trained on.

    `held_out` None is a quarter of them, rounded: 2 of 9. A picture added later may change the whole split.
    """
    wanted = round(count / 4) if held_out is None else held_out
    return frozenset(_shuffled(count, seed)[: max(0, min(wanted, count - 1))])


def folds_of(count: int, seed: int, folds: int) -> tuple[frozenset[int], ...]:
    """The pictures held out in each fold: every picture in one of them. Never more folds than pictures."""
    order, folds = _shuffled(count, seed), min(folds, count)
    return tuple(frozenset(order[start::folds]) for start in range(folds))


def default_folds(count: int) -> int:
    """One split from 8 pictures on; below, too few would be held out to tell much, so each has its turn."""
    return 1 if count >= 8 else max(1, min(count, 3))


def default_prompts(captions: Sequence[str], held_out: Collection[int]) -> tuple[str, ...]:
    """What samples are drawn from when nobody says: half captions of held-out pictures, the rest of learned ones."""
    unseen = [caption for index, caption in enumerate(captions) if index in held_out][: DEFAULT_SAMPLES // 2]
    seen = [caption for index, caption in enumerate(captions) if index not in held_out]
    return tuple(dict.fromkeys([*unseen, *seen[: DEFAULT_SAMPLES - len(unseen)]]))


def _shuffled(count: int, seed: int) -> list[int]:
    return random.Random(f"held out {seed}").sample(range(count), count)
