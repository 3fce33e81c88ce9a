"""The queue of merges: how one is claimed and how it ends. Asking for one is `merges`', the arithmetic the engine's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from generation.catalog.loras.licences import LICENCES, allowed_by_all
from generation.catalog.loras.quarantine import quarantine_parents
from generation.catalog.loras.uploads import checked, register_file
from generation.messages import wakeups
from generation.models import Lora, LoraMerge, LoraParent

logger = structlog.get_logger(__name__)

MAX_ATTEMPTS = 2
GIVEN_UP_AFTER = timedelta(minutes=10)
"""No merge takes so long: its worker is dead."""
RUNNING, QUEUED = LoraMerge.State.RUNNING, LoraMerge.State.QUEUED


def claim_next() -> LoraMerge | None:
    """The oldest merge that waits, now this process's."""
    for merge in LoraMerge.objects.filter(state=QUEUED).order_by("pk")[:8]:
        rows = LoraMerge.objects.filter(pk=merge.pk, state=QUEUED, attempt=merge.attempt)
        if rows.update(state=RUNNING, attempt=F("attempt") + 1, started_at=Now()):
            claimed: LoraMerge = LoraMerge.objects.select_related("owner").get(pk=merge.pk)
            return claimed
    return None


def finish_merge(merge: LoraMerge, file: Path, kept: float) -> Lora | None:
    """The file becomes the owner's private LoRA with its parents recorded. None when the merge was not ours any more.

    Raises Refusal when the file cannot be theirs, for instance because they have the same one already.
    """
    weights = checked(file)
    with transaction.atomic():
        if not _end(merge, LoraMerge.State.DONE):
            return None
        lora = register_file(merge.owner, file, "merged", weights, merge.title)
        lora.description = f"Merged from {names_of(merge)}. Rank {weights.rank} holds {held(kept)} of their sum."
        lora.trigger_words = words_of(merge)
        lora.allowed_licences = allowed_by_all(each.get("licences", LICENCES) for each in merge.parents)
        lora.save(update_fields=["description", "trigger_words", "allowed_licences"])
        known = set(Lora.objects.filter(pk__in=[each["id"] for each in merge.parents]).values_list("pk", flat=True))
        LoraParent.objects.bulk_create(
            LoraParent(
                lora=lora,
                parent_id=each["id"] if each["id"] in known else None,
                name=each["title"],
                sha256=each["sha256"],
                weight=each["weight"],
            )
            for each in merge.parents
        )
        LoraMerge.objects.filter(pk=merge.pk).update(lora=lora)
    return lora


def held(kept: float) -> str:
    return "all" if kept > 0.9995 else f"{kept:.1%}"


def names_of(merge: LoraMerge) -> str:
    return ", ".join(f"{each['title']} × {each['weight']:g}" for each in merge.parents)


def words_of(merge: LoraMerge) -> list[str]:
    """The trigger words of all parents that are still there, each once."""
    rows = Lora.objects.filter(pk__in=[each["id"] for each in merge.parents]).values_list("trigger_words", flat=True)
    return list(dict.fromkeys(str(word) for words in rows for word in words))[:8]


def fail_merge(merge: LoraMerge, message: str) -> bool:
    """End it with a sentence for its owner. Merging is free, so nothing is given back."""
    return _end(merge, LoraMerge.State.FAILED, error_message=message[:300])


def _end(merge: LoraMerge, state: LoraMerge.State, **fields: str) -> bool:
    held = LoraMerge.objects.filter(pk=merge.pk, state=RUNNING, attempt=merge.attempt)
    return bool(held.update(state=state, finished_at=Now(), **fields))


def _give_up(merge: LoraMerge) -> None:
    """Two workers that died at it are evidence against its parents, as they are against a picture's LoRAs."""
    lost = "The worker stopped again and again on this merge, so it was set aside."
    with transaction.atomic():
        if fail_merge(merge, lost):
            quarantine_parents(merge)


def recover() -> int:
    """Put merges of dead workers back, set aside those that were tried too often, and wake a worker while any waits."""
    dead = LoraMerge.objects.filter(state=RUNNING, started_at__lt=Now() - GIVEN_UP_AFTER)
    for merge in dead.filter(attempt__gte=MAX_ATTEMPTS):
        _give_up(merge)
    dead.filter(attempt__lt=MAX_ATTEMPTS).update(state=QUEUED)
    waiting = LoraMerge.objects.filter(state=QUEUED).count()
    if waiting:
        wakeups.send(wakeups.Task.MERGE_LORAS)
    return waiting
