"""Inspects a person's prompts against the catalog: what they may name, what their checkpoint reads, what is wrong.

The rules of the language are `prompting`'s; this module only tells it what there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.tokenizing import measure_for
from generation.models import Checkpoint, Embedding, Lora, Wildcard
from generation.models.catalog import FAMILY_TITLES
from generation.prompting import Inspection, KnownName, Measure, Problem, inspect
from generation.recipes.picture import MAX_PROMPT_CHARS, Recipe
from generation.recipes.sampling import calls_of, schedule_length


@dataclass(frozen=True, slots=True)
class Inspected:
    """A prompt and its negative prompt. `steps` are a person's; the inspections count as schedules do."""

    prompt: Inspection
    negative: Inspection
    steps: int
    chunk_tokens: int

    def to_json(self) -> dict[str, Any]:
        return {
            "prompt": self.prompt.to_json(),
            "negative_prompt": self.negative.to_json(),
            "steps": self.steps,
            "chunk_tokens": self.chunk_tokens,
        }


@dataclass(frozen=True, slots=True)
class Names:
    """What a person may name in a prompt."""

    loras: Sequence[KnownName]
    embeddings: Sequence[KnownName]
    wildcards: Mapping[str, Sequence[str]]


def inspect_prompt(
    user: User,
    prompt: str,
    negative_prompt: str = "",
    *,
    checkpoint: Checkpoint | None,
    steps: int,
    sampler: str = "",
    seed: int = 0,
) -> Inspected:
    """Both prompts, explained for this person, checkpoint and length of run. Texts are cut at what a recipe takes.

    Without a checkpoint neither families nor tokens are known. Never raises over a text.
    """
    names = names_for(user)
    length, calls = schedule_length(sampler, steps), calls_of(sampler, steps)
    measure = _measure(user, checkpoint)
    chunk_tokens = checkpoint.chunk_tokens if checkpoint else 75
    both = [
        inspect(
            text.replace("\r\n", "\n")[:MAX_PROMPT_CHARS],
            length,
            calls=calls,
            negative=negative,
            family=checkpoint.family if checkpoint else "",
            loras=names.loras,
            embeddings=names.embeddings,
            wildcards=names.wildcards,
            seed=seed,
            measure=measure,
        )
        for text, negative in ((prompt, False), (negative_prompt, True))
    ]
    return Inspected(both[0], both[1], steps, chunk_tokens)


def names_for(user: User) -> Names:
    # Oldest first: where several versions have the word of their series as an alias, the last one is meant.
    usable = Lora.objects.usable_by(user).order_by("version")
    loras = usable.values_list("name", "family", "trigger_words", "series")
    embeddings = Embedding.objects.usable_by(user).values_list("name", "family")
    return Names(
        loras=[
            KnownName(name, family, tuple(map(str, words)), (series,) if series else ())
            for name, family, words, series in loras
        ],
        embeddings=[KnownName(name, family) for name, family in embeddings],
        wildcards={row.name: row.choices for row in Wildcard.objects.filter(is_enabled=True)},
    )


def refuse_errors(user: User, recipe: Recipe, checkpoint: Checkpoint, seeds: Sequence[int]) -> None:
    """Raise a Refusal for the first error in either prompt, with the place where it was typed. Warnings pass.

    Every seed is looked at where something is drawn, for each may draw something else.
    """
    names = names_for(user)
    for field, text in (("prompt", recipe.prompt), ("negative_prompt", recipe.negative_prompt)):
        drawn = "{" in text or "__" in text
        for seed in seeds if drawn else seeds[:1]:
            found = inspect(
                text,
                schedule_length(recipe.sampler, recipe.steps),
                calls=calls_of(recipe.sampler, recipe.steps),
                negative=field == "negative_prompt",
                family=checkpoint.family,
                loras=names.loras,
                wildcards=names.wildcards,
                seed=seed,
            )
            for error in found.errors:
                raise Refusal(error.code, _sentence(error, found, checkpoint), field=field)


def _measure(user: User, checkpoint: Checkpoint | None) -> Measure | None:
    if checkpoint is None:
        return None
    return measure_for(checkpoint, Embedding.objects.usable_by(user).for_family(checkpoint.family))


def _sentence(error: Problem, found: Inspection, checkpoint: Checkpoint) -> str:
    """The problem's sentence with its place, and for a LoRA of another family with both families."""
    place = f"at character {error.start + 1}"
    if error.code == "wrong-family":
        lora = next(mention for mention in found.mentions if mention.start == error.start)
        made_for, used_with = FAMILY_TITLES.get(lora.family, lora.family), FAMILY_TITLES[checkpoint.family]
        return f"The LoRA “{lora.name}” ({place}) is made for {made_for} and “{checkpoint.title}” is {used_with}."
    said, meant, names = error.message.partition(" Did you mean")
    return f"{said.removesuffix('.')} ({place}).{meant}{names}"
