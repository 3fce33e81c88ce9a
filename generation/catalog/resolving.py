"""Pinning: the names in a recipe become files that its owner may use, or a refusal that says which word is wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

from accounts.models import User
from accounts.refusals import Refusal
from generation.models import Checkpoint, Embedding, Lora, Vae
from generation.models.catalog import FAMILY_TITLES, WeightRow
from generation.prompting import Tag, TagError, extract_tags
from generation.recipes.picture import EmbeddingPick, LoraPick, Recipe


def pin_weights(user: User, recipe: Recipe) -> Recipe:
    """The recipe with every weight file pinned by sha256, and its LoRA picks equal to the tags of its prompt.

    Raises Refusal naming the word and its place: unknown names, files of another family, files of somebody else.
    """
    checkpoint = find_checkpoint(user, recipe.checkpoint)
    recipe = write_picks_as_tags(recipe)
    return recipe.replace(
        checkpoint=checkpoint.name,
        checkpoint_sha256=checkpoint.sha256,
        vae_sha256=_find_vae(user, recipe.vae, checkpoint).sha256 if recipe.vae else "",
        loras=tuple(pin_loras(user, recipe.prompt, checkpoint)),
        embeddings=tuple(_find_embeddings(user, recipe, checkpoint)),
    )


def find_checkpoint(user: User, name: str) -> Checkpoint:
    usable = Checkpoint.objects.usable_by(user)
    if not name:
        default: Checkpoint | None = usable.filter(is_default=True).first() or usable.order_by("pk").first()
        if default is None:
            raise Refusal("no-checkpoint", "No checkpoint is installed yet; ask the operator.", field="checkpoint")
        return default
    found: Checkpoint | None = usable.filter(name=name).first()
    if found is None:
        raise Refusal(
            "unknown-checkpoint", f"There is no checkpoint “{name}”.{did_you_mean(name, usable)}", field="checkpoint"
        )
    return found


def write_picks_as_tags(recipe: Recipe) -> Recipe:
    """Picks that came beside the prompt are written into it: the prompt is the whole truth, as in infotext."""
    tagged = {tag.name for tag in _tags(recipe.prompt)}
    missing = [pick for pick in recipe.loras if pick.name not in tagged]
    text = recipe.prompt + "".join(f" {_tag_text(pick)}" for pick in missing)
    return recipe.replace(prompt=text)


def pin_loras(user: User, prompt: str, checkpoint: Checkpoint) -> Iterable[LoraPick]:
    usable = Lora.objects.usable_by(user)
    for tag in _tags(prompt):
        lora = usable.named(tag.name)
        place = f"at character {tag.start + 1}"
        if lora is None:
            raise Refusal(
                "unknown-lora",
                f"There is no LoRA “{tag.name}” ({place}).{did_you_mean(tag.name, usable)}",
                field="prompt",
            )
        _refuse_other_family(lora, checkpoint, f"The LoRA “{tag.name}” ({place})", "prompt")
        yield LoraPick(lora.name, tag.weight, tag.text_weight, lora.sha256)


def _tags(prompt: str) -> list[Tag]:
    try:
        return extract_tags(prompt)[1]
    except TagError as error:
        raise Refusal("bad-tag", f"{error} (at character {error.start + 1})", field="prompt") from error


def _tag_text(pick: LoraPick) -> str:
    if pick.text_weight is None:
        return f"<lora:{pick.name}:{pick.weight:g}>"
    return f"<lora:{pick.name}:{pick.text_weight:g}:{pick.weight:g}>"


def _find_vae(user: User, name: str, checkpoint: Checkpoint) -> Vae:
    vae: Vae | None = Vae.objects.usable_by(user).filter(name=name).first()
    if vae is None:
        raise Refusal("unknown-vae", f"There is no VAE “{name}”.", field="vae")
    return vae


def _find_embeddings(user: User, recipe: Recipe, checkpoint: Checkpoint) -> Iterable[EmbeddingPick]:
    """Embeddings are plain words: those of another family simply stay words."""
    text = f"{recipe.prompt}\n{recipe.negative_prompt}"
    for embedding in Embedding.objects.usable_by(user).for_family(checkpoint.family):
        if re.search(rf"(?<!\w){re.escape(embedding.name)}(?!\w)", text, re.IGNORECASE):
            yield EmbeddingPick(embedding.name, embedding.sha256)


def _refuse_other_family(row: WeightRow, checkpoint: Checkpoint, what: str, field: str) -> None:
    if row.family != checkpoint.family:
        raise Refusal(
            "wrong-family",
            f"{what} is for {FAMILY_TITLES[row.family]}; “{checkpoint.title}” is {FAMILY_TITLES[checkpoint.family]}.",
            field=field,
        )


def did_you_mean(name: str, rows: Any) -> str:
    close = difflib.get_close_matches(name, rows.values_list("name", flat=True), n=1, cutoff=0.5)
    return f" Did you mean “{close[0]}”?" if close else ""
