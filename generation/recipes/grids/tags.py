"""LoRA tags of a prompt, written anew: with other weights, or for another LoRA. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from generation.prompting import extract_tags
from generation.recipes.checks import InvalidRecipe
from generation.recipes.picture import WEIGHT_LIMIT


def tag(name: str, weight: float) -> str:
    return f"<lora:{name}:{round(weight, 4):g}>"


def without(prompt: str, names: set[str]) -> str:
    """The prompt without the tags of these LoRAs."""
    for found in reversed(extract_tags(prompt)[1]):
        if found.name in names:
            prompt = prompt[: found.start] + prompt[found.end :]
    return " ".join(prompt.split(" ")).strip()


def reweighted(prompt: str, weights: Mapping[str, float]) -> str:
    """The prompt with each of these LoRAs at its weight, at the end where it did not stand. Weight 0 leaves it out."""
    if any(abs(weight) > WEIGHT_LIMIT for weight in weights.values()):
        raise InvalidRecipe("axis", "The weight of a LoRA must lie between -2 and 2.", "bad-lora-weight")
    tags = [tag(name, weight) for name, weight in weights.items() if round(weight, 4)]
    return " ".join([without(prompt, set(weights)), *tags])


def renamed(prompt: str, old: str, new: str) -> str:
    """The prompt with another LoRA in the place and at the weight of one that it names."""
    for found in extract_tags(prompt)[1]:
        if found.name == old:
            return prompt[: found.start] + tag(new, found.weight) + prompt[found.end :]
    raise InvalidRecipe("axis", f"The prompt names no LoRA “{old[:60]}”.", "bad-axis")
