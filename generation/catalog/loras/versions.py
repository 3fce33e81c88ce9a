"""Versions of one LoRA: a series has a word that prompts use for its newest, and each version has its own."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max, QuerySet

from accounts.refusals import Conflict, NotFound, Refusal
from generation.catalog.loras.licences import key_of, licences_within
from generation.catalog.loras.naming import free_name
from generation.models import Lora


def join(lora: Lora, former: Lora) -> None:
    """Make `lora`, not yet saved, the next version of `former`, which is the same owner's.

    The first time, the word that prompts knew becomes the series' and the former gets a version's own name, so that
    every prompt that was written stays right.
    """
    _enter_series(lora, former, "file")
    lora.name = free_name(f"{former.series}-v{lora.version}")
    lora.title, lora.description, lora.licence = former.title, former.description, former.licence
    lora.trigger_words = lora.trigger_words or former.trigger_words


def follow(lora: Lora, former: Lora) -> None:
    """Make a LoRA that is there already, trained or merged, the next version of another of the same owner's.

    It keeps its own name, so that prompts stay right, and all that its owner wrote of it but the title. Raises Conflict
    where it is public or a version already, Refusal for another family.
    """
    if former.owner_id != lora.owner_id:
        raise NotFound("not-found", "There is no such LoRA, or it is not yours.", field="version_of")
    if lora.is_public:
        raise Conflict("is-public", "This LoRA is public as it is. Withdraw it first, then change it.")
    if lora.series or lora.pk == former.pk:
        reason = f"a version of “{lora.series}” already" if lora.series else "no newer version of itself"
        raise Conflict("already-a-version", f"This LoRA is {reason}.", field="version_of")
    with transaction.atomic():
        # Locked, so that two that follow at once do not both take the next number.
        _enter_series(lora, Lora.objects.select_for_update().get(pk=former.pk), "version_of")
        lora.title, lora.description = former.title, lora.description or former.description
        lora.trigger_words = lora.trigger_words or former.trigger_words
        if not lora.licence and key_of(former.licence) in licences_within(lora.allowed_licences):
            lora.licence = former.licence
        lora.save(update_fields=["series", "version", "title", "description", "licence", "trigger_words"])


def may_follow(lora: Lora) -> QuerySet[Lora]:
    """Those that it could be the next version of: its owner's others of its family, the newest of each series."""
    if lora.series or lora.is_public:
        return Lora.objects.none()
    others = Lora.objects.filter(owner=lora.owner_id, family=lora.family, is_enabled=True).exclude(pk=lora.pk)
    newest: QuerySet[Lora] = others.newest_for(lora.owner).order_by("title", "name")
    return newest


def _enter_series(lora: Lora, former: Lora, field: str) -> None:
    """Series and number of the next version; `field` is the form's that is to blame for another family."""
    if lora.family != former.family:
        raise Refusal(
            "wrong-family",
            f"“{former.title}” is for {former.get_family_display()}; this file is for {lora.get_family_display()}.",
            field=field,
        )
    if not former.series:
        former.series = former.name
        former.name = free_name(f"{former.series}-v{former.version}")
        former.save(update_fields=["series", "name"])
    newest = Lora.objects.filter(series=former.series).aggregate(top=Max("version"))["top"] or 0
    lora.series, lora.version = former.series, newest + 1


def versions_of(lora: Lora) -> list[Lora]:
    """All versions of the series, newest first; the LoRA alone where it has none."""
    if not lora.series:
        return [lora]
    return list(Lora.objects.filter(series=lora.series).order_by("-version"))
