"""Turns what a picture says into values for a recipe, and lists all that could not be taken over. Pure: the catalog is
asked through `Lookups`, and nothing is refused here; what a plan allows is decided when the recipe is submitted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from generation.imaging.civitai import resources
from generation.imaging.foreign_names import sampler_and_schedule, stem
from generation.imaging.infotext import DEFAULTS, NamedLora, ParsedInfotext, without_halves
from generation.recipes import blending, inversion, palette, variation
from generation.recipes.checks import InvalidRecipe
from generation.recipes.controls import OWN_KEY, PREPROCESSORS, UNIT_KEY, ControlPick, TextControl, read_controls
from generation.recipes.enlarging import ENLARGE_KEYS, HIRES_KEYS, Enlarge, Hires, tells_enlarge, tells_hires
from generation.recipes.fields import FIELDS, Name, check_size
from generation.recipes.sampling import AUTOMATIC, check_sampling
from generation.recipes.starting import INFOTEXT_KEYS, Start, is_pinned

Lookup = Callable[[str, str], tuple[str, ...]]
SHOWN_CHARS = 80

_TAG = re.compile(r"<(?:lora|lyco):([^<>:]+)")
_READ_ALONE = tuple(row for row in FIELDS.values() if row.infotext and not isinstance(row, Name))
# Read elsewhere in this file, or without any effect on the picture.
_SPOKEN_FOR = frozenset(
    {"Size-1", "Size-2", "Model", "Model hash", "VAE", "VAE hash", "Version", "Lora hashes", "TI hashes", "User",
     "Prompt length", "Created Date", *variation.INFOTEXT_KEYS, *blending.INFOTEXT_KEYS, *palette.INFOTEXT_KEYS,
     *inversion.INFOTEXT_KEYS, *(row.infotext for row in FIELDS.values())}
)  # fmt: skip
_PARTS: Mapping[str, Callable[[Mapping[str, str]], Any]] = {
    "variation": variation.Variation.from_infotext,
    "blend": blending.Blend.from_infotext,
    "palette": palette.Palette.from_infotext,
    "inversion": inversion.Inversion.from_infotext,
}
_WITHOUT_EFFECT = {
    "Denoising strength": ("1", "1.0"),
    "VAE": ("None", "Automatic", "Default (model)"),
    "Tiling": ("False",),
}


@dataclass(frozen=True, slots=True)
class Lookups:
    """The caller's knowledge. `has_picture` says whether a pinned picture may be used.

    Each lookup takes (name, hash), either of them possibly empty.

    It gives the catalog's name, none, or several where the name does not tell which is meant. A checkpoint's hash is
    AutoV2, a LoRA's A1111's LoRA hash or AutoV2, an embedding's from its sha256.
    """

    checkpoint: Lookup
    lora: Lookup
    vae: Lookup
    embedding: Lookup
    samplers: Collection[str]
    schedules: Collection[str]
    controlnet: Lookup = lambda name, hash: ()
    annotator: Lookup = lambda name, hash: ()
    upscaler: Lookup = lambda name, hash: ()
    has_picture: Callable[[str], bool] = lambda sha256: False
    """Whether who asks has a picture with this SHA-256 to start from."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """One thing of the picture that was not taken over; `kind` is checkpoint, vae, lora, embedding, sampler, schedule,
    upscaler, picture, value or setting, and the message is for people."""

    kind: str
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class MatchedRecipe:
    """`values` are keyed by Recipe's field names and hold only what the picture tells and this site knows; `start` is
    what it was made from, and `controls` what held it to a shape, where who asks has those pictures. `parts` are a
    recipe's variation, blend, palette and inversion, by these names."""

    values: dict[str, Any] = field(default_factory=dict)
    unmatched: list[Unmatched] = field(default_factory=list)
    parts: dict[str, Any] = field(default_factory=dict)
    start: Start | None = None
    controls: tuple[ControlPick, ...] = ()
    larger: dict[str, Hires | Enlarge] = field(default_factory=dict)
    """A second pass under “hires”, an upscale under “enlarge”, where the picture tells one."""

    def miss(self, kind: str, name: str, message: str) -> None:
        found = Unmatched(kind, without_halves(name), without_halves(message))
        if found not in self.unmatched:  # both passes may name one LoRA
            self.unmatched.append(found)


def match_recipe(parsed: ParsedInfotext, lookups: Lookups) -> MatchedRecipe:
    """Recipe values from a picture's text. LoRA tags stay in the prompt, under the catalog's name where it differs;
    LoRAs that another program kept outside the prompt become tags."""
    matched = MatchedRecipe()
    for step in (
        _prompts,
        _checkpoint,
        _vae,
        _embeddings,
        _lengths,
        _sampler,
        _fields,
        _together,
        _size,
        _parts,
        _larger,
        _leftovers,
    ):
        step(parsed, lookups, matched)
    start, controls = _start(parsed, lookups, matched), _controls(parsed, lookups, matched)
    return replace(matched, start=start, controls=controls)


def _prompts(parsed: ParsedInfotext, lookups: Lookups, matched: MatchedRecipe) -> None:
    listed = resources(parsed)
    prompt = _renamed(parsed.prompt, parsed, lookups, matched)
    loras = parsed.loras
    # Civitai's list repeats the prompt's tags under other names, so it counts only where there are none.
    if not loras and not _TAG.search(parsed.prompt):
        loras = listed.loras
    for lora in loras:
        found = _known(lookups.lora, "lora", lora.name, lora.hash, matched)
        prompt = f"{prompt} {_tag(found, lora)}" if found else prompt
    matched.values.update(prompt=prompt, negative_prompt=parsed.negative_prompt)


def _renamed(prompt: str, parsed: ParsedInfotext, lookups: Lookups, matched: MatchedRecipe) -> str:
    """A prompt whose LoRA tags have the catalog's names; a miss for each that it has not."""
    hashes = {**resources(parsed).lora_hashes, **parsed.lora_hashes}

    def renamed(tag: re.Match[str]) -> str:
        name = tag.group(1).strip()
        found = _known(lookups.lora, "lora", name, hashes.get(name, ""), matched)
        return tag.group() if found is None or lookups.lora(name, "") == (found,) else f"<lora:{found}"

    return _TAG.sub(renamed, prompt)


def _tag(name: str, lora: NamedLora) -> str:
    weights = [lora.weight] if lora.text_weight in (None, lora.weight) else [lora.text_weight, lora.weight]
    return f"<lora:{name}:{':'.join(f'{weight:g}' for weight in weights)}>"


def _known(lookup: Lookup, kind: str, name: str, hash: str, matched: MatchedRecipe) -> str | None:
    """The catalog's name, also for a file that lies in another folder there; a miss for none and for several."""
    found = lookup(name, hash) or (lookup(stem(name), "") if stem(name) not in (name, "") else ())
    known_by = f"“{_short(name)}”" if name else f"with hash {_short(hash)}"
    if not found:
        matched.miss(kind, name or hash, f"This site has no {_LABELS[kind]} {known_by}.")
    elif len(found) > 1:
        names = " and ".join(f"“{_short(each)}”" for each in found)
        matched.miss(kind, name, f"The {_LABELS[kind]} {known_by} may be {names} here; choose one.")
    return found[0] if len(found) == 1 else None


_LABELS = {
    "checkpoint": "checkpoint", "vae": "VAE", "lora": "LoRA", "embedding": "embedding", "controlnet": "ControlNet",
}  # fmt: skip


def _checkpoint(parsed: ParsedInfotext, lookups: Lookups, matched: MatchedRecipe) -> None:
    listed = resources(parsed)
    name, hash = parsed.get("Model") or listed.checkpoint, parsed.get("Model hash") or listed.checkpoint_hash
    if (name or hash) and (found := _known(lookups.checkpoint, "checkpoint", name, hash, matched)):
        matched.values["checkpoint"] = found


def _vae(parsed: ParsedInfotext, lookups: Lookups, matched: MatchedRecipe) -> None:
    name, hash = parsed.get("VAE"), parsed.get("VAE hash")
    wanted = (name or hash) and name not in _WITHOUT_EFFECT["VAE"]
    if wanted and (found := _known(lookups.vae, "vae", name, hash, matched)):
        matched.values["vae"] = found


def _embeddings(parsed: ParsedInfotext, lookups: Lookups, matched: MatchedRecipe) -> None:
    hashes = dict.fromkeys(resources(parsed).embeddings, "") | parsed.embedding_hashes
    for name, hash in hashes.items():
        found = _known(lookups.embedding, "embedding", name, hash, matched)
        if found and lookups.embedding(name, "") != (found,):
            # The same file has another name here, and a prompt's word is all that picks an embedding.
            word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
            for prompt in ("prompt", "negative_prompt"):
                matched.values[prompt] = word.sub(lambda _, found=found: found, matched.values[prompt])  # type: ignore[misc]


def _sampler(parsed: ParsedInfotext, lookups: Lookups, matched: MatchedRecipe) -> None:
    matched.values.update(_sampling(parsed.get("Sampler"), parsed.get("Schedule type"), lookups, matched))


def _sampling(sampler: str, schedule: str, lookups: Lookups, matched: MatchedRecipe) -> dict[str, str]:
    """`sampler` and `schedule` as this site calls them: by its own names first, then by every name that `foreign_names`
    knows. A1111 before 1.9 wrote both as one name, such as `DPM++ 2M Karras`. A miss for what it has not."""
    samplers = {name.casefold(): name for name in lookups.samplers}
    schedules = {name.casefold(): name for name in lookups.schedules}
    if sampler.casefold() not in samplers:
        sampler, schedule = sampler_and_schedule(sampler, schedule)
    _, schedule = sampler_and_schedule("", schedule)
    found = {}
    for kind, name, known in (("sampler", sampler, samplers), ("schedule", schedule, schedules)):
        if name.casefold() in known:
            found[kind] = known[name.casefold()]
        elif name:
            matched.miss(kind, name, f"This site has no {kind} “{_short(name)}”.")
    return found


def _together(_parsed: ParsedInfotext, _lookups: Lookups, matched: MatchedRecipe) -> None:
    """Takes out a schedule or steps that the sampler cannot follow, for the recipe would be refused as a whole."""
    values = matched.values
    schedule = values.get("schedule", "Automatic")
    if "sampler" not in values:
        if values.pop("schedule", "Automatic") != "Automatic":
            matched.miss("schedule", schedule, f"The schedule “{schedule}” is not taken over without its sampler.")
        return
    for kind in ("schedule", "steps"):
        try:
            check_sampling(values["sampler"], values.get("schedule", "Automatic"), values.get("steps", 1))
        except InvalidRecipe as refusal:
            if refusal.field == kind:
                told = values.pop(kind)
                named = ("schedule", str(told)) if kind == "schedule" else ("value", "Steps")
                matched.miss(*named, f"{refusal.message} The picture says {told}.")


def _fields(parsed: ParsedInfotext, _lookups: Lookups, matched: MatchedRecipe) -> None:
    """The fields whose value needs nothing but itself to be read."""
    for row in _READ_ALONE:
        if text := parsed.get(row.infotext):
            try:
                matched.values[row.name] = row.from_infotext(text)
            except InvalidRecipe as refusal:
                matched.miss("value", row.infotext, f"{refusal.message} The picture says {_short(text)}.")


def _size(parsed: ParsedInfotext, _lookups: Lookups, matched: MatchedRecipe) -> None:
    sides = (parsed.get("Size-1"), parsed.get("Size-2"))
    if not all(sides):
        return
    try:
        width, height = int(sides[0]), int(sides[1])
        check_size(width, height)
    except (InvalidRecipe, ValueError) as error:
        why = error.message if isinstance(error, InvalidRecipe) else "The size must be two numbers."
        matched.miss("value", "Size", f"{why} The picture says {_short('×'.join(sides))}.")
    else:
        matched.values.update(width=width, height=height)


def _parts(parsed: ParsedInfotext, lookups: Lookups, matched: MatchedRecipe) -> None:
    """What a recipe has besides its fields. Pictures whose noise it was drawn from must be there."""
    for name, read in _PARTS.items():
        try:
            value = read(parsed.fields)
        except InvalidRecipe as refusal:
            matched.miss("value", name.capitalize(), refusal.message)
            continue
        lost = [one for one in getattr(value, "pictures", ()) if not lookups.has_picture(one.sha256)]
        for one in lost:
            sentence = f"It was drawn from the noise behind a picture that is not here; its SHA-256 is {one.sha256}."
            matched.miss("picture", one.sha256, sentence)
        if value is not None and not lost:
            matched.parts[name] = value


def _lengths(_parsed: ParsedInfotext, _lookups: Lookups, matched: MatchedRecipe) -> None:
    """Of the prompts with the catalog's names in them. They stay as they are, for people to shorten."""
    for name in ("prompt", "negative_prompt"):
        try:
            FIELDS[name].check(matched.values[name])
        except InvalidRecipe as refusal:
            matched.miss("value", name, refusal.message)
        if "\ufffd" in matched.values[name]:
            matched.miss(
                "value", name, f"Signs of the {name.replace('_', ' ')} could not be read; \ufffd stands for them."
            )


def _start(parsed: ParsedInfotext, lookups: Lookups, matched: MatchedRecipe) -> Start | None:
    """What it was made from. No file carries another picture's pixels: they are named, and must be here."""
    try:
        start = Start.from_infotext(parsed.fields)
    except InvalidRecipe as refusal:
        matched.miss("value", "Init image", refusal.message)
        return None
    missing = [picture for picture in (start.pictures if start else ()) if not lookups.has_picture(picture.sha256)]
    for picture in missing:
        what = "mask" if start and picture is start.mask else "picture"
        sentence = f"It was made from a {what} ({picture.sha256[:10]}…), which a file cannot carry: choose it again."
        matched.miss("picture", picture.sha256, sentence)
    return None if missing else start


def _controls(parsed: ParsedInfotext, lookups: Lookups, matched: MatchedRecipe) -> tuple[ControlPick, ...]:
    """Those whose picture is here. A text only says which picture it was; other programs do not even say that."""
    try:
        told = read_controls(parsed.fields)
        return tuple(pick for one in told if (pick := _control(one, lookups, matched)) is not None)
    except InvalidRecipe as refusal:
        matched.miss("value", "ControlNet", refusal.message)
        return ()


def _control(told: TextControl, lookups: Lookups, matched: MatchedRecipe) -> ControlPick | None:
    known = _known(lookups.controlnet, "controlnet", told.model, told.model_hash, matched)
    for leftover in told.leftovers:
        matched.miss("setting", "ControlNet", f"{_short(leftover)} is not taken over.")
    if known is None:
        return None
    if told.picture is None or not lookups.has_picture(told.picture.sha256):
        pinned = f" ({told.picture.sha256[:10]}…)" if told.picture else ""
        sentence = f"ControlNet “{known}” read a picture{pinned}, which a file cannot carry: choose it again."
        matched.miss("picture", told.picture.sha256 if told.picture else known, sentence)
        return None
    preprocessor = told.preprocessor
    if preprocessor not in PREPROCESSORS:
        found = lookups.annotator(preprocessor, "")
        if len(found) != 1:
            matched.miss("setting", "ControlNet", f"This site has no preprocessor “{_short(preprocessor)}”.")
            return None
        (preprocessor,) = found
    return ControlPick(
        known,
        told.picture,
        preprocessor=preprocessor,
        weight=told.weight,
        start=told.start,
        end=told.end,
        low=told.low,
        high=told.high,
        fit=told.fit,
    )


def _larger(parsed: ParsedInfotext, lookups: Lookups, matched: MatchedRecipe) -> None:
    """Its second pass or upscale; a network that is not here leaves the usual way in its place."""
    for name, kind in (("enlarge", Enlarge), ("hires", Hires)):
        try:
            larger = kind.from_infotext(parsed.fields)
        except InvalidRecipe as refusal:
            matched.miss("value", name.capitalize(), refusal.message)
            continue
        if larger is None or matched.larger:
            continue
        if larger.needs_network:
            found = lookups.upscaler(larger.upscaler, parsed.get("Upscaler hash"))
            usual = str(kind.__dataclass_fields__["upscaler"].default)
            if len(found) != 1:
                sentence = f"There is no upscaler “{_short(larger.upscaler)}” here; “{usual}” stands in its place."
                matched.miss("upscaler", larger.upscaler, sentence)
            larger = replace(larger, upscaler=found[0] if len(found) == 1 else usual)
        if isinstance(larger, Hires):
            own = _sampling(larger.sampler, larger.schedule, lookups, matched)
            if not larger.schedule and own.get("schedule") == AUTOMATIC:
                own["schedule"] = ""  # none is told, which means the first pass's
            prompt = _renamed(larger.prompt, parsed, lookups, matched)
            larger = replace(larger, sampler=own.get("sampler", ""), schedule=own.get("schedule", ""), prompt=prompt)
        if isinstance(larger, Enlarge) and not lookups.has_picture(larger.source.sha256):
            sentence = f"It is an upscale of a picture ({larger.source.sha256[:10]}…) that is not here."
            matched.miss("picture", larger.source.sha256, sentence)
            continue
        matched.larger[name] = larger


def _leftovers(parsed: ParsedInfotext, _lookups: Lookups, matched: MatchedRecipe) -> None:
    spoken_for = _SPOKEN_FOR | ({"Denoising strength"} if matched.larger else set())
    for keys, tells in ((HIRES_KEYS, tells_hires), (ENLARGE_KEYS, tells_enlarge), (INFOTEXT_KEYS, is_pinned)):
        spoken_for |= {*keys} if tells(parsed.fields) else set()
    for key, value in parsed.fields.items():
        if UNIT_KEY.fullmatch(key) or OWN_KEY.fullmatch(key):
            continue
        if key not in spoken_for and value != DEFAULTS.get(key) and value not in _WITHOUT_EFFECT.get(key, ()):
            matched.miss("setting", key, f"{_short(key)}: {_short(value)} is not taken over.")
    for name in parsed.leftovers:
        matched.miss("setting", name, f"{parsed.tool}’s {_short(name)} is not taken over.")
    if parsed.old_schedule_rule:
        message = "In this old picture, 1.0 in [a:b:1.0] means the first step; here it means all of them."
        matched.miss("setting", "Version", message)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else f"{text[: SHOWN_CHARS - 1]}…"
