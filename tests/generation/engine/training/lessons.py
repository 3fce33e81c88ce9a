"""Small trainings for tests: nine real pictures, or bars of colour for tiny checkpoints, and what a run told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from generation.engine.outcome import Pixels
from generation.engine.training.trainer import Finished, Measured, Progress, TrainingPicture, train
from generation.recipes.training import TrainingRecipe
from tests.tiny_weights import tiny_checkpoint

NOTO = Path(__file__).parent / "noto"
CAPTIONS = {
    "apple": "a red apple",
    "house": "a house",
    "cat": "a cat",
    "guitar": "a guitar",
    "cake": "a birthday cake",
    "rocket": "a rocket",
    "hamburger": "a hamburger",
    "umbrella": "an umbrella",
    "penguin": "a penguin",
}
HELD_OUT = {"umbrella", "penguin"}


def noto_pictures() -> list[TrainingPicture]:
    """Nine drawings of a style that the bundled checkpoint does not know; seven to learn, two held out."""
    return [
        TrainingPicture(name, NOTO / f"{name}.png", caption, held_out=name in HELD_OUT)
        for name, caption in CAPTIONS.items()
    ]


def bars(count: int = 4, *, held_out: int = 1, width: int = 64, height: int = 64) -> list[TrainingPicture]:
    """Pictures with one coloured bar each; the last ones are held out."""
    return [
        TrainingPicture(f"bar-{n}", bar(n, width, height), f"a red cat {n}", held_out=n >= count - held_out)
        for n in range(count)
    ]


def bar(number: int, width: int = 64, height: int = 64) -> Pixels:
    pixels: Pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[:, 8 * number : 8 * number + 12] = (200, 40 * number % 256, 60)
    return pixels


def recipe(**changes: Any) -> TrainingRecipe:
    """A few steps of a tiny checkpoint at 64 pixels."""
    small = {"steps": 6, "batch": 2, "rank": 2, "alpha": 2.0, "resolution": 64, "sample_every": 1000, "trigger": "cat"}
    return TrainingRecipe(**{**small, "sample_prompts": ("a red cat",), **changes})


def run(
    folder: Path, wanted: TrainingRecipe | None = None, *, family: str = "sd1", pictures: Any = None
) -> tuple[list[Progress], list[Measured], Finished]:
    """Train to the end: all steps, all snapshots, the proposal."""
    events = list(train(wanted or recipe(), tiny_checkpoint(family), pictures or bars(), folder))
    finished = events[-1]
    assert isinstance(finished, Finished)
    return (
        [event for event in events if isinstance(event, Progress)],
        [event for event in events if isinstance(event, Measured)],
        finished,
    )
