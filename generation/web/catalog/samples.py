"""SamplePicture pictures: static files named for their prompt for bundled weights, a release's for people's LoRAs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from generation.models import Checkpoint, Lora
from generation.web.public_pictures import example_picture, registry

SAMPLE_WEIGHT = 0.9
"""The weight at which a LoRA's samples were drawn."""


@dataclass(frozen=True, slots=True)
class SamplePicture:
    """Words that work, the whole prompt with its tag, and the address of the picture (empty: none was drawn)."""

    words: str
    prompt: str
    picture: str


def samples_of(row: Checkpoint | Lora) -> list[SamplePicture]:
    """The example prompts of a checkpoint or a LoRA; a LoRA's carry its tag."""
    tag = f" <lora:{row.name}:{SAMPLE_WEIGHT:g}>" if isinstance(row, Lora) else ""
    return [SamplePicture(words, f"{words}{tag}", example_picture(row.name, words)) for words in row.example_prompts]


def released_samples(loras: Sequence[int], user: Any) -> dict[int, list[SamplePicture]]:
    """The pictures of LoRAs' releases, by the LoRA's id."""
    released = registry.samples_of(loras, user)
    return {pk: [SamplePicture(each.alt, each.alt, each.picture) for each in cards] for pk, cards in released.items()}
