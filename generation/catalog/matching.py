"""Reads a picture that somebody brings and matches what it says to the catalog. Formats and grammar are `imaging`'s."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from accounts.models import User
from accounts.refusals import Refusal
from generation.imaging.infotext import read_infotext
from generation.imaging.matching import Lookups, MatchedRecipe, match_recipe
from generation.imaging.reading import read_picture_metadata
from generation.imaging.untrusted import MAX_FILE_BYTES
from generation.models import Checkpoint, Embedding, Lora, Vae
from generation.recipes.sampling import SAMPLERS, SCHEDULES

LEAST_HASH_CHARS = 8
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
    return match_recipe(read_picture_metadata(upload.read()), lookups_for(user))


def read_recipe_text(user: User, text: str) -> MatchedRecipe:
    """The same of a picture's text, as people copy it from galleries and other tools.

    Raises Refusal if it has no parameters.
    """
    parsed = read_infotext(text)
    if not parsed.fields:
        raise Refusal(
            "no-parameters", "This text has no line of parameters, such as “Steps: 20, Seed: 7”.", field="text"
        )
    return match_recipe(parsed, lookups_for(user))


def lookups_for(user: User) -> Lookups:
    """The catalog as this person may use it. A hash is surer than a name, which anybody may have given anything."""
    return Lookups(
        checkpoint=_lookup(Checkpoint.objects.usable_by(user)),
        lora=_lookup(Lora.objects.usable_by(user), "lora_hash"),
        vae=_lookup(Vae.objects.usable_by(user)),
        embedding=_lookup(Embedding.objects.usable_by(user)),
        samplers=SAMPLERS,
        schedules=SCHEDULES,
    )


def _lookup(rows: Any, own_hash: str = "") -> Callable[[str, str], str | None]:
    def find(name: str, hash: str) -> str | None:
        # A picture may say anything: these are in no row, and PostgreSQL or the driver refuses to look for them.
        if _UNFINDABLE.search(name + hash):
            return None
        row, hash = None, hash.lower()
        if len(hash) >= LEAST_HASH_CHARS:
            row = rows.filter(sha256__startswith=hash).first()
            row = row or (own_hash and rows.filter(**{own_hash: hash}).first())
        if not row and name:
            row = rows.filter(name=name).first() or rows.filter(name__iexact=name).first()
        return row.name if row else None

    return find
