"""Reads a picture that somebody brings and matches what it says to the catalog. Formats and grammar are `imaging`'s."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from accounts.models import User
from accounts.quotas import Request, Usage, enforce_quota
from accounts.refusals import Refusal
from generation.catalog.inspecting import refuse_errors
from generation.catalog.resolving import drawn, find_checkpoint, known_name, pin_weights, resolve
from generation.imaging.infotext import read_infotext
from generation.imaging.matching import Lookup, Lookups, MatchedRecipe, match_recipe
from generation.imaging.reading import read_picture_metadata
from generation.imaging.untrusted import MAX_FILE_BYTES
from generation.models import (
    Annotator,
    Checkpoint,
    ControlNet,
    Embedding,
    GeneratedImage,
    Lora,
    SourcePicture,
    Upscaler,
    Vae,
)
from generation.prompting.names import NameIndex
from generation.recipes.fields import FIELDS, defaults_for
from generation.recipes.picture import Recipe
from generation.recipes.sampling import SAMPLERS, SCHEDULES, check_sampling

LEAST_HASH_CHARS = 8
TOLD_AS_LORA = ("unknown-lora", "several-loras")
_UNFINDABLE = re.compile("[\x00\ud800-\udfff]")


def read_recipe(user: User, upload: UploadedFile[Any] | None) -> MatchedRecipe:
    """What an uploaded picture tells, in this site's names, and all that has no match here.

    Raises Refusal for files that are too large, damaged, of another format, or that tell no recipe.
    """
    if upload is None:
        raise Refusal("no-picture", "Choose a picture first.", field="picture")
    if (upload.size or 0) > MAX_FILE_BYTES:
        size = f"{MAX_FILE_BYTES >> 20} MiB"
        raise Refusal("picture-too-large", f"The file is larger than {size}.", field="picture")
    matched = match_recipe(read_picture_metadata(upload.read()), lookups_for(user))
    _tell_refusals(user, matched)
    return _without_misfits(user, matched)


def _tell_refusals(user: User, matched: MatchedRecipe) -> None:
    """List what a submission of these values would be refused for; all but a prompt is taken out then.

    What one recipe may have another may not: a LoRA of another family, more steps than the plan has.
    """
    values = matched.values
    plain = {"prompt": "-", "negative_prompt": ""}
    while refusal := _refusal(user, {**values, **plain}):
        names = ("width", "height") if refusal.field in ("width", "height") else (refusal.field,)
        told = "×".join(FIELDS[name].text(values.pop(name)) for name in names if name in values)
        if not told:  # what the site itself would take is refused: no checkpoint, a plan below its defaults
            matched.miss("value", refusal.field, refusal.message)
            return
        title = "Size" if "width" in names else FIELDS[refusal.field].title
        matched.miss("value", title, f"{refusal.message} The picture says {told}.")
    for field, other in (("prompt", {"negative_prompt": ""}), ("negative_prompt", {"prompt": "-"})):
        lines = {miss.message for miss in matched.unmatched if miss.name == field}
        lora_told = any(miss.kind == "lora" for miss in matched.unmatched)
        refusal = _refusal(user, {**values, **other})
        if refusal and refusal.message not in lines and not (lora_told and refusal.code in TOLD_AS_LORA):
            matched.miss("value", field, refusal.message)


def _without_misfits(user: User, matched: MatchedRecipe) -> MatchedRecipe:
    """Without ControlNets, a second pass or an upscale that the checkpoint or the plan has not; each is told."""
    plain = {**matched.values, "prompt": "-", "negative_prompt": ""}
    if _refusal(user, plain):
        return matched
    if matched.controls and (refusal := _refusal(user, {**plain, "controls": matched.controls})):
        matched.miss("value", "ControlNet", refusal.message)
        matched = replace(matched, controls=())
    for name, larger in [*matched.larger.items()]:
        if refusal := _refusal(user, {**plain, name: larger}):
            if not (refusal.code in TOLD_AS_LORA and any(miss.kind == "lora" for miss in matched.unmatched)):
                matched.miss("value", name.capitalize(), refusal.message)
            if not refusal.field.endswith("prompt"):  # which people can mend
                del matched.larger[name]
    return matched


def _refusal(user: User, values: Mapping[str, Any]) -> Refusal | None:
    try:
        _submit_dry(user, values)
    except Refusal as refusal:
        return refusal
    return None


def _submit_dry(user: User, values: Mapping[str, Any]) -> None:
    """Raise the Refusal that a submission would: of the values, of the person's plan, and of what the prompts name."""
    checkpoint = find_checkpoint(user, values.get("checkpoint", ""))
    recipe = Recipe(**{**defaults_for(checkpoint), "seed": 0, **values})
    check_sampling(recipe.sampler, recipe.schedule, recipe.steps)
    if recipe.hires:
        recipe.hires.check_sampling(recipe.sampler, recipe.schedule, recipe.steps)
    steps = max(recipe.steps, recipe.hires.steps if recipe.hires else 0)
    result = math.prod(recipe.size) if recipe.hires or recipe.enlarge else 0
    enforce_quota(user.plan, Usage(), Request(1, recipe.width * recipe.height, steps, result=result))
    resolved = resolve(user, recipe)
    refuse_errors(resolved, [recipe])
    pin_weights(resolved, drawn(recipe, resolved.names.wildcards))


def read_recipe_text(user: User, text: str) -> MatchedRecipe:
    """The same of a picture's text, as people copy it from galleries and other tools.

    Raises Refusal if it has no parameters.
    """
    parsed = read_infotext(text)
    if not parsed.fields:
        raise Refusal(
            "no-parameters", "This text has no line of parameters, such as “Steps: 20, Seed: 7”.", field="text"
        )
    matched = match_recipe(parsed, lookups_for(user))
    _tell_refusals(user, matched)
    return _without_misfits(user, matched)


def lookups_for(user: User) -> Lookups:
    """The catalog as this person may use it. A hash is surer than a name, which anybody may have given anything."""
    return Lookups(
        checkpoint=_lookup(user, Checkpoint),
        lora=_lookup(user, Lora, "lora_hash"),
        vae=_lookup(user, Vae),
        embedding=_lookup(user, Embedding),
        upscaler=_lookup(user, Upscaler),
        samplers=SAMPLERS,
        schedules=SCHEDULES,
        controlnet=_lookup(user, ControlNet),
        annotator=_lookup(user, Annotator),
        has_picture=lambda sha256: any(
            rows.filter(sha256=sha256).exists()
            for rows in (SourcePicture.objects.of(user), GeneratedImage.objects.of(user).kept())
        ),
    )


def _lookup(user: User, model: Any, own_hash: str = "") -> Lookup:
    """Names are matched as those in prompts are. They are read when the first is asked for."""
    usable = model.objects.usable_by(user)

    @cache
    def names() -> NameIndex:
        rows = usable.order_by("version", "-pk") if model is Lora else usable
        return NameIndex(known_name(row, user) for row in rows)

    def find(name: str, hash: str) -> tuple[str, ...]:
        # A picture may say anything: these are in no row, and PostgreSQL or the driver refuses to look for them.
        if _UNFINDABLE.search(name + hash):
            return ()
        row, hash = None, hash.lower()
        if len(hash) >= LEAST_HASH_CHARS:
            row = usable.filter(sha256__startswith=hash).first()
            row = row or (own_hash and usable.filter(**{own_hash: hash}).first())
        if row:
            return (row.name,)
        return tuple(each.name for each in names().meant(name)) if name else ()

    return find
