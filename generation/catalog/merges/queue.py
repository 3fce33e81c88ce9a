"""The queue of merges: how one is claimed, held and ended. Asking is `submission`'s, the arithmetic the engine's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import structlog
from django.db import transaction
from django.db.models.functions import Now

from generation.catalog.loras.licences import LICENCES, allowed_by_all
from generation.catalog.loras.quarantine import quarantine_parents
from generation.catalog.loras.uploads import checked, register_file
from generation.messages import wakeups
from generation.models import Lora, LoraMerge, LoraParent, SiteState
from generation.models.lab import LoraMergeQuerySet
from generation.models.leases import must_give_up

logger = structlog.get_logger(__name__)

LONGEST_MERGE = timedelta(minutes=10)
State = LoraMerge.State


def claim_next() -> LoraMerge | None:
    """The oldest merge that waits, now this process's. None when there is none or all is paused."""
    if SiteState.objects.is_paused():
        return None
    for merge in LoraMerge.objects.queued().order_by("pk")[:8]:
        if LoraMerge.objects.queued().of_attempt(merge).claim(state=State.RUNNING, started_at=Now()):
            claimed: LoraMerge = LoraMerge.objects.select_related("owner").get(pk=merge.pk)
            return claimed
    return None


def finish_merge(merge: LoraMerge, file: Path, kept: float) -> Lora | None:
    """The file becomes the owner's private LoRA with its parents recorded. None when the merge was not ours any more.

    `kept` is the share of the sum's energy that its rank holds, 0..1. Raises Refusal when the file cannot be theirs,
    for instance because they have the same one already.
    """
    weights = checked(file)
    with transaction.atomic():
        if not _end(LoraMerge.objects.held(merge), State.DONE):
            return None
        lora = register_file(merge.owner, file, "merged", weights, merge.title)
        share = "all" if kept > 0.9995 else f"{kept:.1%}"
        names = ", ".join(f"{parent.title} × {parent.weight:g}" for parent in merge.inputs)
        lora.description = f"Merged from {names}. Rank {weights.rank} holds {share} of their sum."
        lora.trigger_words = words_of(merge)
        lora.allowed_licences = allowed_by_all(
            LICENCES if parent.licences is None else parent.licences for parent in merge.inputs
        )
        lora.save(update_fields=["description", "trigger_words", "allowed_licences"])
        known = set(Lora.objects.filter(pk__in=[parent.id for parent in merge.inputs]).values_list("pk", flat=True))
        LoraParent.objects.bulk_create(
            LoraParent(
                lora=lora,
                parent_id=parent.id if parent.id in known else None,
                name=parent.title,
                sha256=parent.sha256,
                weight=parent.weight,
            )
            for parent in merge.inputs
        )
        LoraMerge.objects.filter(pk=merge.pk).update(lora=lora)
    return lora


def words_of(merge: LoraMerge) -> list[str]:
    """The trigger words of all parents that are still there, each once."""
    rows = Lora.objects.filter(pk__in=[parent.id for parent in merge.inputs]).values_list("trigger_words", flat=True)
    return list(dict.fromkeys(str(word) for words in rows for word in words))[:8]


def fail_merge(merge: LoraMerge, message: str) -> bool:
    """End it with a sentence for its owner. Merging is free, so nothing is given back."""
    return _end(LoraMerge.objects.held(merge), State.FAILED, error_message=message[:300])


def release_merge(merge: LoraMerge) -> bool:
    """Put a running merge back into the queue, for a worker that stops. No crash, so it counts as none."""
    return bool(LoraMerge.objects.held(merge).put_back(state=State.QUEUED, started_at=None))


def _end(rows: LoraMergeQuerySet, state: State, **fields: str) -> bool:
    return bool(rows.update(state=state, finished_at=Now(), lease_until=None, **fields))


def recover() -> int:
    """Put merges of dead workers back, give up those that killed too many, and wake a worker for what waits unasked."""
    for merge in LoraMerge.objects.running().expired():
        row = LoraMerge.objects.held(merge).expired()
        crashes = merge.solo_crash_count + 1
        if must_give_up(solo_crash_count=crashes):
            _give_up(merge, row)
        else:
            row.put_back(state=State.QUEUED, solo_crash_count=crashes)
    return LoraMerge.objects.queued().resend(lambda waiting: wakeups.send(wakeups.Task.MERGE_LORAS))


def _give_up(merge: LoraMerge, row: LoraMergeQuerySet) -> None:
    """Workers that died at it are evidence against its parents, as they are against a picture's LoRAs."""
    sentence = "The worker stopped again and again on this merge, so it was given up."
    with transaction.atomic():
        if _end(row, State.FAILED, error_message=sentence):
            logger.error("merge_given_up", merge=merge.code, attempt=merge.attempt)
            quarantine_parents(merge)
