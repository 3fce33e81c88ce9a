"""What the names in recipes stand for: rows that their user may use, read once a submission, or a refusal."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from accounts.models import User
from accounts.refusals import Refusal
from generation.models import Annotator, Checkpoint, ControlNet, Embedding, Lora, Upscaler, Vae, Wildcard
from generation.models.catalog import FAMILY_TITLES
from generation.prompting import KnownName, Tag, TagError, expand, extract_tags, strip_comments
from generation.prompting.names import NameIndex
from generation.recipes.controls import PREPROCESSORS, ControlPick
from generation.recipes.enlarging import pinned
from generation.recipes.fields import FIELDS
from generation.recipes.picture import EmbeddingPick, LoraPick, Recipe


@dataclass(frozen=True, slots=True)
class PromptNames:
    """What a user may name in a prompt, read once; rows stand under their names.

    LoRAs stand oldest version first: of those that share an alias the last is meant.
    """

    loras: Mapping[str, Lora]
    embeddings: Mapping[str, Embedding]
    wildcards: Mapping[str, Sequence[str]]
    known_loras: Sequence[KnownName]
    known_embeddings: Sequence[KnownName]


@dataclass(frozen=True, slots=True)
class Resolved:
    """The rows that the recipes of one submission name. Looking one up makes no query.

    All but LoRAs and embeddings stand under the names that the recipes have for them: "" is the default checkpoint.
    """

    checkpoints: Mapping[str, Checkpoint]
    vaes: Mapping[str, Vae]
    names: PromptNames
    lora_books: Mapping[str, NameIndex]
    embedding_books: Mapping[str, NameIndex]
    """LoRAs and embeddings by every word that means one, for each family of the checkpoints."""
    controlnets: Mapping[str, ControlNet]
    annotators: Mapping[str, Annotator]
    upscalers: Mapping[str, str]
    """The sha256 of the networks that recipes name, by name."""


def resolve(user: User, *recipes: Recipe) -> Resolved:
    """Read what these recipes name, in a handful of queries however many they are.

    Raises Refusal for an unknown checkpoint or VAE. Words of the prompts are looked up later, since choices and
    wildcards may still draw others.
    """
    checkpoints = find_checkpoints(user, {recipe.checkpoint for recipe in recipes})
    names = prompt_names(user)
    families = {row.family for row in checkpoints.values()}
    return Resolved(
        checkpoints,
        find_vaes(user, {recipe.vae for recipe in recipes if recipe.vae}),
        names,
        {family: NameIndex(names.known_loras, family) for family in families},
        {family: NameIndex(names.known_embeddings, family) for family in families},
        find_controlnets(user, {pick.name for recipe in recipes for pick in recipe.controls}),
        find_annotators(user, {p.preprocessor for recipe in recipes for p in recipe.controls if p.needs_annotator}),
        find_upscalers(user, recipes),
    )


def find_upscalers(user: User, recipes: Iterable[Recipe]) -> dict[str, str]:
    """The sha256 of the upscaling networks that these recipes name, by name or title; unknown ones are left out."""
    wanted = {
        larger.upscaler
        for recipe in recipes
        for larger in (recipe.hires, recipe.enlarge)
        if larger and larger.needs_network
    }
    if not wanted:
        return {}
    rows = list(Upscaler.objects.usable_by(user))
    return {row.title: row.sha256 for row in rows} | {row.name: row.sha256 for row in rows}


def pin_upscaler(recipe: Recipe, sha256_of: Mapping[str, str]) -> Recipe:
    """The recipe with the network of its second pass or upscale pinned. Raises InvalidRecipe for an unknown one."""
    return recipe.replace(
        hires=pinned(recipe.hires, sha256_of) if recipe.hires else None,
        enlarge=pinned(recipe.enlarge, sha256_of) if recipe.enlarge else None,
    )


def prompt_names(user: User) -> PromptNames:
    usable = Lora.objects.usable_by(user).order_by("version", "-pk")
    told = ("name", "title", "file_name", "family", "sha256", "trigger_words", "series", "version", "owner")
    loras = list(usable.only(*told))
    embeddings = list(Embedding.objects.usable_by(user))
    return PromptNames(
        loras={row.name: row for row in loras},
        embeddings={row.name: row for row in embeddings},
        wildcards=lists_for(user),
        known_loras=[known_name(row, user) for row in loras],
        known_embeddings=[known_name(row, user) for row in embeddings],
    )


def lists_for(user: User) -> dict[str, list[str]]:
    """What `__name__` means in this person's prompts: their own list, or else the site's."""
    rows = list(Wildcard.objects.usable_by(user))
    own = [row for row in rows if row.owner_id is not None]
    return {row.name: row.choices for row in [*(row for row in rows if row.owner_id is None), *own]}


def known_name(row: Any, user: User) -> KnownName:
    """All that a row is called. A person's own file comes before the site's, and this before those of others.

    An embedding is a word among others: its title, which may be any word, does not mean it.
    """
    return KnownName(
        row.name,
        row.family,
        tuple(map(str, getattr(row, "trigger_words", ()))),
        (row.series,) if getattr(row, "series", "") else (),
        row.file_name,
        "" if isinstance(row, Embedding) else row.title,
        1 if row.owner_id is None else 2 * (row.owner_id != user.pk),
    )


def drawn(recipe: Recipe, wildcards: Mapping[str, Sequence[str]]) -> Recipe:
    """What is drawn: without comments, choices and wildcards drawn. What was typed stays in the draft alone."""
    blend, hires = recipe.blend, recipe.hires
    hires = hires and replace(
        hires,
        prompt=expand(strip_comments(hires.prompt), recipe.seed, wildcards),
        negative_prompt=expand(strip_comments(hires.negative_prompt), recipe.seed, wildcards),
    )
    return recipe.replace(
        hires=hires,
        prompt=expand(strip_comments(recipe.prompt), recipe.seed, wildcards),
        negative_prompt=expand(strip_comments(recipe.negative_prompt), recipe.seed, wildcards),
        blend=blend and replace(blend, prompt=expand(strip_comments(blend.prompt), recipe.seed, wildcards)),
    )


def pin_weights(resolved: Resolved, recipe: Recipe) -> Recipe:
    """The recipe with every weight file pinned by sha256, and its LoRA picks equal to the tags of its prompt.

    Raises Refusal naming the word and its place: unknown names, files of another family, files of somebody else.
    """
    checkpoint = resolved.checkpoints[recipe.checkpoint]
    recipe = pin_upscaler(write_picks_as_tags(recipe), resolved.upscalers)
    if recipe.hires:
        picks = tuple(pin_loras(resolved, recipe.hires.prompt, checkpoint))
        recipe = recipe.replace(hires=replace(recipe.hires, loras=picks))
    return recipe.replace(
        checkpoint=checkpoint.name,
        checkpoint_sha256=checkpoint.sha256,
        vae_sha256=resolved.vaes[recipe.vae].sha256 if recipe.vae else "",
        loras=tuple(pin_loras(resolved, recipe.prompt, checkpoint)),
        embeddings=tuple(_pin_embeddings(resolved, recipe, checkpoint)),
        controls=tuple(pin_control(resolved, pick, checkpoint) for pick in recipe.controls),
    )


def find_checkpoint(user: User, name: str) -> Checkpoint:
    """The checkpoint of this name, or the default one for "". Raises Refusal where the user may use no such one."""
    return find_checkpoints(user, {name})[name]


def find_checkpoints(user: User, names: Iterable[str]) -> dict[str, Checkpoint]:
    """The checkpoints that these names stand for; "" is the default one."""
    usable = Checkpoint.objects.usable_by(user)
    wanted = set(names)
    rows: dict[str, Checkpoint] = _named(user, usable, wanted - {""}, "checkpoint")
    if "" in wanted:
        default = usable.order_by("-is_default", "pk").first()
        if default is None:
            raise Refusal("no-checkpoint", "No checkpoint is installed yet; ask the operator.", field="checkpoint")
        rows[""] = default
    return rows


def _named(user: User, usable: Any, wanted: set[str], kind: str) -> dict[str, Any]:
    """The rows by the names that were asked for: the catalog's, or else the file's own. Raises Refusal."""
    rows = {row.name: row for row in usable.filter(name__in=wanted)}
    if not (others := sorted(wanted - rows.keys())):
        return rows
    every = {row.name: row for row in usable}
    index = NameIndex(known_name(row, user) for row in every.values())
    field, title = (kind, FIELDS[kind].title) if kind in FIELDS else ("controls", IN_CONTROLS[kind])
    for name in others:
        meant = index.meant(name)
        if len(meant) > 1:
            raise Refusal(f"several-{kind}s", f"“{name}” is the file of several: {_listed(meant)}.", field=field)
        if not meant:
            what = title.lower() if title.istitle() else title
            near = did_you_mean(name, [*every, *(PREPROCESSORS if kind == "preprocessor" else ())])
            raise Refusal(f"unknown-{kind}", f"There is no {what} “{name}”.{near}", field=field)
        rows[name] = every[meant[0].name]
    return rows


IN_CONTROLS = {"controlnet": "ControlNet", "preprocessor": "Preprocessor"}
"""What a recipe's ControlNets name, and how people call it."""


def _listed(meant: Iterable[KnownName]) -> str:
    return " and ".join(f"“{each.name}”" for each in meant)


def find_vaes(user: User, names: Iterable[str]) -> dict[str, Vae]:
    return _named(user, Vae.objects.usable_by(user), set(names), "vae")


def find_controlnets(user: User, names: Iterable[str]) -> dict[str, ControlNet]:
    return _named(user, ControlNet.objects.usable_by(user), set(names), "controlnet") if names else {}


def find_annotators(user: User, names: Iterable[str]) -> dict[str, Annotator]:
    """Those that make control pictures; what selects by click makes none."""
    rows = Annotator.objects.usable_by(user).exclude(task=Annotator.Task.SEGMENT)
    return _named(user, rows, set(names), "preprocessor") if names else {}


def pin_control(resolved: Resolved, pick: ControlPick, checkpoint: Checkpoint) -> ControlPick:
    """The pick under the catalog's names, its files pinned. Raises Refusal for a ControlNet of another family."""
    row = resolved.controlnets[pick.name]
    check_control_family(row, checkpoint)
    pinned_pick = replace(pick, name=row.name, sha256=row.sha256)
    annotator = resolved.annotators.get(pick.preprocessor)
    if annotator is None:
        return pinned_pick
    return replace(pinned_pick, preprocessor=annotator.name, annotator_sha256=annotator.sha256)


def check_control_family(row: ControlNet, checkpoint: Checkpoint) -> None:
    if row.family != checkpoint.family:
        raise Refusal(
            "wrong-family",
            f"The ControlNet “{row.title}” is for {FAMILY_TITLES[row.family]}; "
            f"“{checkpoint.title}” is {FAMILY_TITLES[checkpoint.family]}.",
            field="controls",
        )


def write_picks_as_tags(recipe: Recipe) -> Recipe:
    """Picks that came beside the prompt are written into it: the prompt is the whole truth, as in infotext."""
    tagged = {tag.name for tag in _tags(recipe.prompt)}
    missing = [pick for pick in recipe.loras if pick.name not in tagged]
    text = recipe.prompt + "".join(f" {_tag_text(pick)}" for pick in missing)
    return recipe.replace(prompt=text)


def pin_loras(resolved: Resolved, prompt: str, checkpoint: Checkpoint) -> Iterator[LoraPick]:
    rows, book = resolved.names.loras, resolved.lora_books[checkpoint.family]
    for tag in _tags(prompt):
        meant = book.meant(tag.name)
        place = f"at character {tag.start + 1}"
        if len(meant) > 1:
            sentence = f"“{tag.name}” ({place}) is the file of several LoRAs: {_listed(meant)}. Write one of these."
            raise Refusal("several-loras", sentence, field="prompt")
        if not meant:
            near = did_you_mean(tag.name, rows)
            raise Refusal("unknown-lora", f"There is no LoRA “{tag.name}” ({place}).{near}", field="prompt")
        (known,) = meant
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
    """Embeddings are plain words, picked under the spelling that the prompts use; those of another family stay words.

    What is meant where one word is the file of several has been asked before (`inspecting.refuse_errors`).
    """
    book = resolved.embedding_books[checkpoint.family]
    texts = [extract_tags(recipe.prompt)[0], recipe.negative_prompt, *recipe.further_prompts]
    if recipe.hires:
        texts += [extract_tags(recipe.hires.prompt)[0], recipe.hires.negative_prompt]
    places = [place for text in texts for place in book.places(text)]
    for word, known in {place.word: place.meant[0] for place in places}.items():
        if known.family == checkpoint.family:
            yield EmbeddingPick(word, resolved.names.embeddings[known.name].sha256)


def did_you_mean(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f" Did you mean “{close[0]}”?" if close else ""
