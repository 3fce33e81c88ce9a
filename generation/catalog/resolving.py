"""What the names in recipes stand for: rows that their user may use, read once a submission, or a refusal."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from accounts.models import User
from accounts.refusals import Refusal
from generation.models import Checkpoint, Embedding, Lora, Vae, Wildcard
from generation.models.catalog import FAMILY_TITLES
from generation.prompting import KnownName, Tag, TagError, extract_tags
from generation.prompting.names import NameIndex
from generation.recipes.picture import EmbeddingPick, LoraPick, Recipe


@dataclass(frozen=True, slots=True)
class PromptNames:
    """What a user may name in a prompt, read once.

    LoRAs stand oldest version first: of those that share an alias the last is meant.
    """

    loras: Mapping[str, Lora]
    embeddings: Sequence[Embedding]
    wildcards: Mapping[str, Sequence[str]]
    known_loras: Sequence[KnownName]
    known_embeddings: Sequence[KnownName]


@dataclass(frozen=True, slots=True)
class Resolved:
    """The rows that the recipes of one submission name. Looking one up makes no query.

    Checkpoints and VAEs stand under the names that the recipes have for them, which is "" for the default checkpoint.
    """

    checkpoints: Mapping[str, Checkpoint]
    vaes: Mapping[str, Vae]
    names: PromptNames
    lora_books: Mapping[str, NameIndex]
    """The LoRAs by every word that means one, for each family of the checkpoints."""


def resolve(user: User, *recipes: Recipe) -> Resolved:
    """Read what these recipes name, in a handful of queries however many they are.

    Raises Refusal for an unknown checkpoint or VAE. Words of the prompts are looked up later, since choices and
    wildcards may still draw others.
    """
    checkpoints = find_checkpoints(user, {recipe.checkpoint for recipe in recipes})
    names = prompt_names(user)
    return Resolved(
        checkpoints,
        find_vaes(user, {recipe.vae for recipe in recipes if recipe.vae}),
        names,
        {row.family: NameIndex(names.known_loras, row.family) for row in checkpoints.values()},
    )


def prompt_names(user: User) -> PromptNames:
    usable = Lora.objects.usable_by(user).order_by("version", "-pk")
    loras = list(usable.only("name", "family", "sha256", "trigger_words", "series", "version"))
    embeddings = list(Embedding.objects.usable_by(user))
    return PromptNames(
        loras={row.name: row for row in loras},
        embeddings=embeddings,
        wildcards={row.name: row.choices for row in Wildcard.objects.filter(is_enabled=True)},
        known_loras=[
            KnownName(row.name, row.family, tuple(map(str, row.trigger_words)), (row.series,) if row.series else ())
            for row in loras
        ],
        known_embeddings=[KnownName(row.name, row.family) for row in embeddings],
    )


def pin_weights(resolved: Resolved, recipe: Recipe) -> Recipe:
    """The recipe with every weight file pinned by sha256, and its LoRA picks equal to the tags of its prompt.

    Raises Refusal naming the word and its place: unknown names, files of another family, files of somebody else.
    """
    checkpoint = resolved.checkpoints[recipe.checkpoint]
    recipe = write_picks_as_tags(recipe)
    return recipe.replace(
        checkpoint=checkpoint.name,
        checkpoint_sha256=checkpoint.sha256,
        vae_sha256=resolved.vaes[recipe.vae].sha256 if recipe.vae else "",
        loras=tuple(pin_loras(resolved, recipe.prompt, checkpoint)),
        embeddings=tuple(_pin_embeddings(resolved, recipe, checkpoint)),
    )


def find_checkpoint(user: User, name: str) -> Checkpoint:
    """The checkpoint of this name, or the default one for "". Raises Refusal where the user may use no such one."""
    return find_checkpoints(user, {name})[name]


def find_checkpoints(user: User, names: Iterable[str]) -> dict[str, Checkpoint]:
    usable = Checkpoint.objects.usable_by(user)
    wanted = set(names)
    rows: dict[str, Checkpoint] = {row.name: row for row in usable.filter(name__in=wanted - {""})}
    if "" in wanted:
        default = usable.order_by("-is_default", "pk").first()
        if default is None:
            raise Refusal("no-checkpoint", "No checkpoint is installed yet; ask the operator.", field="checkpoint")
        rows[""] = default
    if unknown := sorted(wanted - rows.keys()):
        meant = did_you_mean(unknown[0], usable.values_list("name", flat=True))
        raise Refusal("unknown-checkpoint", f"There is no checkpoint “{unknown[0]}”.{meant}", field="checkpoint")
    return rows


def find_vaes(user: User, names: Iterable[str]) -> dict[str, Vae]:
    wanted = set(names)
    rows: dict[str, Vae] = {row.name: row for row in Vae.objects.usable_by(user).filter(name__in=wanted)}
    if unknown := sorted(wanted - rows.keys()):
        raise Refusal("unknown-vae", f"There is no VAE “{unknown[0]}”.", field="vae")
    return rows


def write_picks_as_tags(recipe: Recipe) -> Recipe:
    """Picks that came beside the prompt are written into it: the prompt is the whole truth, as in infotext."""
    tagged = {tag.name for tag in _tags(recipe.prompt)}
    missing = [pick for pick in recipe.loras if pick.name not in tagged]
    text = recipe.prompt + "".join(f" {_tag_text(pick)}" for pick in missing)
    return recipe.replace(prompt=text)


def pin_loras(resolved: Resolved, prompt: str, checkpoint: Checkpoint) -> Iterator[LoraPick]:
    rows, book = resolved.names.loras, resolved.lora_books[checkpoint.family]
    for tag in _tags(prompt):
        known = book.find(tag.name)
        place = f"at character {tag.start + 1}"
        if known is None:
            meant = did_you_mean(tag.name, rows)
            raise Refusal("unknown-lora", f"There is no LoRA “{tag.name}” ({place}).{meant}", field="prompt")
        if known.family != checkpoint.family:
            raise Refusal(
                "wrong-family",
                f"The LoRA “{tag.name}” ({place}) is for {FAMILY_TITLES[known.family]}; "
                f"“{checkpoint.title}” is {FAMILY_TITLES[checkpoint.family]}.",
                field="prompt",
            )
        yield LoraPick(known.name, tag.weight, tag.text_weight, rows[known.name].sha256)


def _tags(prompt: str) -> list[Tag]:
    try:
        return extract_tags(prompt)[1]
    except TagError as error:
        raise Refusal("bad-tag", f"{error} (at character {error.start + 1})", field="prompt") from error


def _tag_text(pick: LoraPick) -> str:
    if pick.text_weight is None:
        return f"<lora:{pick.name}:{pick.weight:g}>"
    return f"<lora:{pick.name}:{pick.text_weight:g}:{pick.weight:g}>"


def _pin_embeddings(resolved: Resolved, recipe: Recipe, checkpoint: Checkpoint) -> Iterator[EmbeddingPick]:
    """Embeddings are plain words: those of another family simply stay words."""
    text = f"{recipe.prompt}\n{recipe.negative_prompt}"
    for row in resolved.names.embeddings:
        if row.family == checkpoint.family and re.search(rf"(?<!\w){re.escape(row.name)}(?!\w)", text, re.IGNORECASE):
            yield EmbeddingPick(row.name, row.sha256)


def did_you_mean(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f" Did you mean “{close[0]}”?" if close else ""
