"""What a training yields and how it fails: the words that the trainer and its callers share besides the recipe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from generation.engine.outcome import Pixels


@dataclass(frozen=True, slots=True)
class Progress:
    """One step is done. `loss` is a running mean over about fifty steps.

    `validation_loss` stands at every point where it was measured, which is rarer; None in between. `seconds_left` is
    None until that can be told.
    """

    step: int
    steps: int
    loss: float
    validation_loss: float | None
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured at a snapshot.

    Both losses are taken with the same noise and timesteps, so that their gap is overfitting and nothing else.
    Similarities are cosines (-1..1) of the base VAE's latents. `closest` is the least PDQ distance (0..256) of a sample
    to a training picture, None where all are too flat to tell; `memorised` pairs (index of the sample, name of the
    picture) lie below the warning line.
    """

    step: int
    training_loss: float
    validation_loss: float | None
    similarity_training: float
    similarity_validation: float | None
    closest: int | None
    memorised: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Measured(Measurement):
    """A snapshot: what was measured, the LoRA's file at this step, and samples (height, width, 3) of the prompts.

    After a resumption every earlier snapshot comes once more.
    """

    file: Path
    samples: tuple[Pixels, ...]
    prompts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """The end: which snapshot is proposed, why (a sentence), and its file."""

    best_step: int
    reason: str
    file: Path


class TrainingError(Exception):
    """The training cannot go on: `code` is for programs, the text is a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
