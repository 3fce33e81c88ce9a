"""Versions of one LoRA: a series has a word that prompts use for its newest, and each version has its own."""

from __future__ import annotations

from django.db.models import Max

from accounts.refusals import Refusal
from generation.loras.naming import free_name
from generation.models import Lora


def join(lora: Lora, former: Lora) -> None:
    """Make `lora`, not yet saved, the next version of `former`, which is the same owner's.

    The first time, the word that prompts knew becomes the series' and the former gets a version's own name, so that
    every prompt that was written stays right.
    """
    if lora.family != former.family:
        raise Refusal(
            "wrong-family",
            f"“{former.title}” is for {former.get_family_display()}; this file is for {lora.get_family_display()}.",
            field="file",
        )
    if not former.series:
        former.series = former.name
        former.name = free_name(f"{former.series}-v{former.version}")
        former.save(update_fields=["series", "name"])
    newest = Lora.objects.filter(series=former.series).aggregate(top=Max("version"))["top"] or 0
    lora.series, lora.version = former.series, newest + 1
    lora.name = free_name(f"{former.series}-v{lora.version}")
    lora.title, lora.description, lora.licence = former.title, former.description, former.licence
    lora.trigger_words = lora.trigger_words or former.trigger_words


def versions_of(lora: Lora) -> list[Lora]:
    """All versions of the series, newest first; the LoRA alone where it has none."""
    if not lora.series:
        return [lora]
    return list(Lora.objects.filter(series=lora.series).order_by("-version"))
