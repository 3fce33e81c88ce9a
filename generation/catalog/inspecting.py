"""Inspects a person's prompts against the catalog: what they may name, what their checkpoint reads, what is wrong.

The rules of the language are `prompting`'s; this module only tells it what there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.resolving import PromptNames, Resolved, prompt_names
from generation.catalog.tokenizing import measure_for
from generation.models import Checkpoint
from generation.models.catalog import FAMILY_TITLES
from generation.prompting import Inspection, Measure, Problem, inspect
from generation.prompting.names import NameIndex
from generation.recipes.fields import FIELDS, MAX_PROMPT_CHARS
from generation.recipes.picture import Recipe
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
    names = prompt_names(user)
    length, calls = schedule_length(sampler, steps), calls_of(sampler, steps)
    measure = _measure(checkpoint, names)
    chunk_tokens = checkpoint.chunk_tokens if checkpoint else 75
    both = [
        inspect(
            FIELDS["prompt"].read(text)[:MAX_PROMPT_CHARS],
            length,
            calls=calls,
            negative=negative,
            family=checkpoint.family if checkpoint else "",
            loras=names.known_loras,
            embeddings=names.known_embeddings,
            wildcards=names.wildcards,
            seed=seed,
            measure=measure,
        )
        for text, negative in ((prompt, False), (negative_prompt, True))
    ]
    return Inspected(both[0], both[1], steps, chunk_tokens)


def refuse_errors(resolved: Resolved, recipes: Iterable[Recipe]) -> None:
    """Raise a Refusal for the first error in any prompt, with the place where it was typed. Warnings pass.

    Recipes of one submission differ in little: a text is inspected again only where its schedule or checkpoint is
    another, or where choices and wildcards draw by another seed.
    """
    inspected = set()
    for recipe in recipes:
        for field, text in _texts_of(recipe):
            seed = recipe.seed if "{" in text or "__" in text else 0
            case = (field, text, recipe.steps, recipe.sampler, recipe.checkpoint, seed)
            if case not in inspected:
                inspected.add(case)
                _refuse_error(resolved, recipe, field, text)


def _texts_of(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """All that is read as prompts are, each with the field at which it is refused."""
    yield "prompt", recipe.prompt
    yield "negative_prompt", recipe.negative_prompt
    if recipe.hires:
        yield "hires_prompt", recipe.hires.prompt
        yield "hires_negative_prompt", recipe.hires.negative_prompt
    if recipe.blend:
        yield "blend", recipe.blend.prompt


def _refuse_error(resolved: Resolved, recipe: Recipe, field: str, text: str) -> None:
    checkpoint = resolved.checkpoints[recipe.checkpoint]
    inspection = inspect(
        text,
        schedule_length(recipe.sampler, recipe.steps),
        calls=calls_of(recipe.sampler, recipe.steps),
        negative=field.endswith("negative_prompt"),
        family=checkpoint.family,
        loras=resolved.names.known_loras,
        embeddings=resolved.names.known_embeddings,
        wildcards=resolved.names.wildcards,
        seed=recipe.seed,
    )
    for error in inspection.errors:
        raise Refusal(error.code, _sentence(error, inspection, checkpoint), field=field)


def _measure(checkpoint: Checkpoint | None, names: PromptNames) -> Measure | None:
    if checkpoint is None:
        return None
    vectors = {row.name: row.tokens for row in names.embeddings.values() if row.family == checkpoint.family}
    return measure_for(checkpoint, NameIndex(names.known_embeddings, checkpoint.family), vectors)


def _sentence(error: Problem, found: Inspection, checkpoint: Checkpoint) -> str:
    """The problem's sentence with its place, and for a LoRA of another family with both families."""
    place = f"at character {error.start + 1}"
    if error.code == "wrong-family":
        lora = next(mention for mention in found.mentions if mention.start == error.start)
        made_for, used_with = FAMILY_TITLES.get(lora.family, lora.family), FAMILY_TITLES[checkpoint.family]
        return f"The LoRA “{lora.name}” ({place}) is made for {made_for} and “{checkpoint.title}” is {used_with}."
    sentence, meant, names = error.message.partition(" Did you mean")
    return f"{sentence.removesuffix('.')} ({place}).{meant}{names}"
