"""What forms offer of the catalog: the checkpoint in use, and the LoRAs that fit it, each with a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.resolving import find_checkpoint
from generation.models import Checkpoint, Lora
from generation.web.catalog.samples import released_samples, samples_of


@dataclass(frozen=True, slots=True)
class LoraOption:
    """A LoRA to tap; `picture` is an address, empty where no sample was drawn."""

    row: Lora
    picture: str
    ticked: bool


def checkpoint_or_none(user: User, name: str) -> Checkpoint | None:
    """The named checkpoint, the default one in its stead, or None on a site that has none yet."""
    for wanted in (name, ""):
        try:
            return find_checkpoint(user, wanted)
        except Refusal:
            continue
    return None


def lora_options(user: User, checkpoint: Checkpoint | None, ticked: Sequence[str] = ()) -> list[LoraOption]:
    """The newest LoRAs that fit the checkpoint, by title; those named in `ticked` first."""
    if checkpoint is None:
        return []
    rows = list(Lora.objects.usable_by(user).newest_for(user).for_family(checkpoint.family).order_by("title"))
    released = released_samples([row.pk for row in rows], user)
    options = [
        LoraOption(
            row,
            next((sample.picture for sample in samples_of(row) or released.get(row.pk, [])), ""),
            row.word in ticked or row.name in ticked,
        )
        for row in rows
    ]
    return sorted(options, key=lambda option: not option.ticked)
