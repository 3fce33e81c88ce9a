"""Every way a job starts: the next one in the fair order is claimed under a lease. How it ends is `lifecycle`'s.

Clocks are the database's, so a worker whose clock is wrong neither steals nor loses a job.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import Now

from generation import fairness
from generation.models import GpuWorker, Job

Claim = tuple[int, int]
"""A job's id and the attempt under which it is held."""

LEASE = timedelta(seconds=20)
HEARTBEAT_SECONDS = 5.0
WARM_SLACK = 2.0
"""Virtual time by which a job may be overtaken by one whose checkpoint the worker has loaded."""
LOOK_AHEAD = 16


def claim_next(worker: str, warm: Collection[str] = ()) -> Job | None:
    """Take the fairest queued job for `worker`, or None when nothing may start.

    `warm` holds the sha256 of checkpoints that are loaded: within `WARM_SLACK` such a job goes first, since it
    joins the running batch. Raises the attempt, which fences off every earlier holder.
    """
    with transaction.atomic():
        job = _choose(warm)
        if job is None or not _take(job, worker):
            return None
        fairness.advance_clock(job.virtual_start)
    claimed: Job = Job.objects.select_related("owner").get(pk=job.pk)
    return claimed


def _choose(warm: Collection[str]) -> Job | None:
    candidates = list(_ready()[:LOOK_AHEAD])
    if not candidates:
        return None
    head = candidates[0]
    joins = (
        job
        for job in candidates
        if job.checkpoint_sha256 in warm and job.virtual_start <= head.virtual_start + WARM_SLACK
    )
    return next(joins, head)


def _ready() -> QuerySet[Job]:
    # Recipes are long and only the chosen one is read.
    ready = Job.objects.queued().only("virtual_start", "checkpoint_sha256").order_by("virtual_start", "id")
    if full := _at_their_limit():
        ready = ready.exclude(owner__in=full)
    if connection.features.has_select_for_update_skip_locked:
        ready = ready.select_for_update(skip_locked=True, of=("self",))
    return ready


def _at_their_limit() -> list[int]:
    """Owners who have as many jobs running as their plan allows. Few rows run at once, so this stays small."""
    counts = Job.objects.running().values("owner").annotate(n=Count("id"), most=F("owner__plan__max_running"))
    return [row["owner"] for row in counts if row["n"] >= row["most"]]


def _take(job: Job, worker: str) -> bool:
    """Whoever changes exactly one row owns the job."""
    return bool(
        Job.objects.queued()
        .filter(pk=job.pk)
        .update(
            state=Job.State.RUNNING,
            worker=worker,
            attempt=F("attempt") + 1,
            lease_until=Now() + LEASE,
            started_at=Now(),
        )
    )


def claim_of(job: Job) -> Claim:
    return job.pk, job.attempt


def heartbeat(worker: GpuWorker, jobs: Sequence[Job]) -> set[Claim]:
    """Prolong the leases of all jobs of a worker in one update; the claims that are still its own come back.

    One that is missing was cancelled or given to another worker: its result must be dropped.
    """
    GpuWorker.objects.update_or_create(
        name=worker.name,
        defaults={
            "device": worker.device, "slots": worker.slots, "running": len(jobs),
            "work_per_second": worker.work_per_second, "metrics": worker.metrics, "seen_at": Now(),
        },
    )  # fmt: skip
    mine = Job.objects.running().filter(pk__in=[job.pk for job in jobs], worker=worker.name)
    mine.update(lease_until=Now() + LEASE)
    return set(mine.values_list("pk", "attempt")) & {claim_of(job) for job in jobs}


def places(jobs: Sequence[Job]) -> dict[int, int]:
    """Place in the queue, from 1, of each queued job among all queued jobs."""
    return {job.pk: fairness.ahead_of(job).count() + 1 for job in jobs if job.state == Job.State.QUEUED}


def seconds_until(job: Job) -> float | None:
    """An honest guess when a queued job starts: the work ahead over what living workers do a second.

    None while no worker is alive or none has been measured.
    """
    speed = sum(GpuWorker.objects.alive().values_list("work_per_second", flat=True))
    if not speed:
        return None
    ahead = work_of(fairness.ahead_of(job)) + work_of(Job.objects.running()) / 2
    return ahead / float(speed)


def work_of(jobs: QuerySet[Job]) -> float:
    return float(jobs.aggregate(total=Sum("work"))["total"] or 0)
