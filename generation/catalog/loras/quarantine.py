"""LoRAs that stop workers are quarantined, by the evidence of jobs that were given up; an admin may lift it."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from django.db.models.functions import Now

from generation.models import Job, Lora, LoraMerge

logger = structlog.get_logger(__name__)

REASON = (
    "Workers stopped again and again while {doing} this file, so it was quarantined. "
    "An administrator can look at it and let it back."
)


def quarantine_suspects(job: Job) -> list[str]:
    """Quarantine the LoRA that most likely stopped the workers of a job that was given up; the hashes."""
    suspects = suspects_among([pick.sha256 for pick in job.recipe.loras if pick.sha256], job.owner_id)
    if suspects:
        quarantine(suspects, REASON.format(doing="drawing with"))
        logger.error("loras_quarantined", job=job.code, sha256=suspects)
    return suspects


def quarantine_parents(merge: LoraMerge) -> list[str]:
    """The same for a merge whose workers stopped: the hashes that were quarantined."""
    suspects = suspects_among([parent.sha256 for parent in merge.inputs], merge.owner_id)
    if suspects:
        quarantine(suspects, REASON.format(doing="merging"))
        logger.error("loras_quarantined", merge=merge.code, sha256=suspects)
    return suspects


def suspects_among(picked: Sequence[str], owner_id: int) -> list[str]:
    """Which of these files most likely stopped the workers that drew for this person.

    The operator's own files are never suspects. Of several people's, the owner's own are, so that nobody can have
    somebody else's LoRA quarantined by picking it beside a bad one; a stranger's only where it stood alone.
    """
    rows = list(Lora.objects.filter(sha256__in=picked, owner__isnull=False))
    site = set(Lora.objects.filter(sha256__in=picked, owner=None).values_list("sha256", flat=True))
    theirs = {row.sha256 for row in rows} - site
    own = {row.sha256 for row in rows if row.owner_id == owner_id} - site
    return sorted(own or (theirs if len(theirs) == 1 else set()))


def quarantine(hashes: Sequence[str], reason: str) -> None:
    """Every row of these files: nobody may pick them any more."""
    rows = Lora.objects.filter(sha256__in=hashes, owner__isnull=False)
    rows.update(is_enabled=False, quarantined_at=Now(), quarantine_reason=reason[:300])


def lift(lora: Lora) -> int:
    """Let every row of this file back; how many."""
    held = Lora.objects.filter(sha256=lora.sha256, quarantined_at__isnull=False)
    return held.update(is_enabled=True, quarantined_at=None, quarantine_reason="")
