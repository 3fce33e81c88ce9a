"""LoRAs that stop workers, or with which no picture comes out, are quarantined; an admin may lift it.

The evidence are jobs: those that were given up, and those whose numbers ran away. What stood against a file before an
admin let it back does not count any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db.models import Max
from django.db.models.functions import Now

from generation.models import Job, Lora, LoraMerge

logger = structlog.get_logger(__name__)

REASON = (
    "Workers stopped again and again while {doing} this file, so it was quarantined. "
    "An administrator can look at it and let it back."
)
RUNAWAY_REASON = (
    "Pictures with this file failed again and again, since their numbers ran away (NaN), while others of the same "
    "checkpoint came out, so it was quarantined. An administrator can look at it and let it back."
)
RAN_AWAY = "not-finite"
"""The error code of jobs whose numbers ran away, in the file or in the picture."""
MOST_RUNAWAYS = 3
JOBS_READ = 1000


def quarantine_suspects(job: Job) -> list[str]:
    """Quarantine the LoRA that most likely stopped the workers of a job that was given up; the hashes."""
    picked = [pick.sha256 for pick in job.recipe.every_lora if pick.sha256]
    suspects = _not_let_back_since(job.created_at, suspects_among(picked, job.owner_id))
    if suspects:
        quarantine(suspects, REASON.format(doing="drawing with"))
        logger.error("loras_quarantined", job=job.code, sha256=suspects)
    return suspects


def quarantine_parents(merge: LoraMerge) -> list[str]:
    """The same for a merge whose workers stopped: the hashes that were quarantined."""
    parents = [parent.sha256 for parent in merge.inputs]
    suspects = _not_let_back_since(merge.created_at, suspects_among(parents, merge.owner_id))
    if suspects:
        quarantine(suspects, REASON.format(doing="merging"))
        logger.error("loras_quarantined", merge=merge.code, sha256=suspects)
    return suspects


def quarantine_runaways(job: Job) -> list[str]:
    """Quarantine LoRAs of a job whose numbers ran away, where that happens again and again, and by them; the hashes."""
    picked = [pick.sha256 for pick in job.recipe.every_lora if pick.sha256]
    suspects = suspects_among(picked, job.owner_id)
    if not suspects:
        return []
    rows = Job.objects.newest()[:JOBS_READ]
    near = [row for row in rows if row.checkpoint_sha256 == job.checkpoint_sha256]
    blamed = [sha256 for sha256 in suspects if _is_to_blame(sha256, near)]
    if blamed:
        quarantine(blamed, RUNAWAY_REASON)
        logger.error("loras_quarantined", job=job.code, sha256=blamed)
    return blamed


def _is_to_blame(sha256: str, jobs: Sequence[Job]) -> bool:
    """Of the latest jobs of one checkpoint: most with the file ran away, most without it came out.

    A stranger counts once, however often they try: their settings may be what makes it run away.
    """
    owners = set(Lora.objects.filter(sha256=sha256).values_list("owner_id", flat=True))
    ended = [job for job in jobs if job.state == Job.State.DONE or job.error_code == RAN_AWAY]
    beside = [job.error_code == RAN_AWAY for job in ended if not _has(job, sha256)]
    let_back = _let_back_at(sha256)
    counts = [job for job in ended if not (let_back and job.finished_at and job.finished_at <= let_back)]
    with_it = [job for job in counts if _has(job, sha256)]
    failed = [job for job in with_it if job.error_code == RAN_AWAY]
    witnesses = {job.pk if job.owner_id in owners else f"person {job.owner_id}" for job in failed}
    came_out = len(with_it) - len(failed)
    return len(witnesses) >= MOST_RUNAWAYS and len(failed) > came_out and beside.count(False) > beside.count(True)


def _let_back_at(sha256: str) -> datetime | None:
    times: dict[str, datetime | None] = Lora.objects.filter(sha256=sha256).aggregate(last=Max("let_back_at"))
    return times["last"]


def _not_let_back_since(moment: datetime, hashes: Sequence[str]) -> list[str]:
    """Without those let back after something was queued: nobody knows how many of its crashes came before that."""
    return [sha256 for sha256 in hashes if (_let_back_at(sha256) or moment) <= moment]


def _has(job: Job, sha256: str) -> bool:
    return any(pick.sha256 == sha256 for pick in job.recipe.every_lora)


def quarantined_of(job: Job) -> str:
    """The title of a LoRA of this job that was quarantined since it was queued; empty where none was."""
    picked = [pick.sha256 for pick in job.recipe.every_lora if pick.sha256]
    rows = Lora.objects.filter(sha256__in=picked)
    open_ones = set(rows.filter(is_enabled=True).values_list("sha256", flat=True))
    held = rows.filter(quarantined_at__isnull=False).exclude(sha256__in=open_ones)
    return held.values_list("title", flat=True).first() or ""


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
    """Let every row of this file back, and forget what stood against it; how many."""
    held = Lora.objects.filter(sha256=lora.sha256, quarantined_at__isnull=False)
    return held.update(is_enabled=True, quarantined_at=None, quarantine_reason="", let_back_at=Now())
