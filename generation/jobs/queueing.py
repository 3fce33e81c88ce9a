"""Every way a job starts: the next one in the fair order is claimed under a lease. How it ends is `lifecycle`'s.

Clocks are the database's, so a worker whose clock is wrong neither steals nor loses a job.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Now

from accounts.refusals import counted
from generation.jobs import fairness
from generation.jobs.reachable import Elsewhere, Hashes, checkpoints_of, lacks_of
from generation.models import GpuWorker, Job, SiteState
from generation.models.jobs import SUSPECT_CRASHES
from generation.models.leases import LEASE

Claim = tuple[int, int]
"""A job's id and the attempt under which it is held."""

NOTHING = Elsewhere()
LACKED = "No worker that is at work has all of its LoRAs and other weight files."
WARM_SLACK = 2.0
"""Virtual time by which a job may be bypassed, once, by one whose checkpoint the worker has loaded."""
LOOK_AHEAD = 16
LOOKED_AT = 500
"""Of so many jobs, the next ones, a worker looks whether they are for others when none is for it."""


READY = """
    WITH drawing AS MATERIALIZED (
        SELECT owner_id, worker, deaths FROM generation_job WHERE state = 'running' AND lease_until IS NOT NULL
    ),
    at_their_limit AS (
        SELECT drawing.owner_id
        FROM drawing CROSS JOIN accounts_user CROSS JOIN accounts_plan
        WHERE accounts_user.id = drawing.owner_id AND accounts_plan.id = accounts_user.plan_id
        GROUP BY drawing.owner_id, accounts_plan.max_running
        HAVING COUNT(*) >= accounts_plan.max_running
    ),
    ready AS MATERIALIZED (
        SELECT id, virtual_start, checkpoint_sha256, deaths, overtaken
        FROM generation_job
        WHERE state = 'queued' AND owner_id NOT IN (SELECT owner_id FROM at_their_limit) {left_to_others}
        ORDER BY virtual_start, id
        LIMIT {look_ahead}
    )
"""
"""The next jobs of those who may start one, less what only other workers can draw. Joins are `CROSS JOIN` so that
SQLite begins with the few running rows and not with everybody's account; the lease is named for its index."""

CLAIM = """
    {ready}
    UPDATE generation_job
    SET state = 'running', worker = %s, attempt = attempt + 1, lease_until = {lease_end}, started_at = {now}
    WHERE state = 'queued' AND id = (
        SELECT job.id
        FROM ready JOIN generation_job job ON job.id = ready.id AND job.state = 'queued'
        WHERE NOT EXISTS (SELECT 1 FROM generation_sitestate WHERE is_paused)
            AND NOT EXISTS (SELECT 1 FROM generation_gpuworker WHERE name = %s AND is_draining)
            AND NOT EXISTS (SELECT 1 FROM drawing WHERE worker = %s AND deaths >= {suspect})
            AND (
                NOT EXISTS (SELECT 1 FROM drawing WHERE worker = %s)
                OR NOT EXISTS (
                    SELECT 1 FROM ready ahead
                    WHERE ahead.deaths >= {suspect} AND ahead.virtual_start <= ready.virtual_start
                )
            )
        ORDER BY
            CASE WHEN ready.checkpoint_sha256 IN ({warm})
                AND ready.virtual_start <= {slack} + (SELECT MIN(virtual_start) FROM ready)
                AND NOT EXISTS (
                    SELECT 1 FROM ready ahead
                    WHERE ahead.overtaken > 0 AND ahead.virtual_start <= ready.virtual_start
                ) THEN 0 ELSE 1 END,
            ready.virtual_start, ready.id
        LIMIT 1
        {lock}
    )
    RETURNING *, EXISTS (
        SELECT 1 FROM ready ahead
        WHERE ahead.virtual_start < generation_job.virtual_start
            OR (ahead.virtual_start = generation_job.virtual_start AND ahead.id < generation_job.id)
    ) AS others_ahead
"""
"""Choosing, taking and reading the job in one statement, which the ORM cannot express. A suspect is drawn alone: a
worker that holds something takes neither it nor what comes after it, or under load it would wait for ever. Whether
the operator holds drawing back is asked here too, so that nothing begins after they were told so."""

COUNT_BYPASSES = """
    {ready}
    UPDATE generation_job
    SET overtaken = overtaken + 1
    WHERE id IN (
        SELECT job.id
        FROM ready JOIN generation_job job ON job.id = ready.id AND job.state = 'queued'
        WHERE ready.virtual_start < %s OR (ready.virtual_start = %s AND ready.id < %s)
        {lock}
    )
"""
"""The jobs before one that was taken first for its checkpoint. Locked rows are skipped: waiting for them while the
clock is locked could be a deadlock."""

PLACES = """
    SELECT id, place, work_ahead
    FROM (
        SELECT id, ROW_NUMBER() OVER in_order AS place,
            SUM(CASE WHEN checkpoint_sha256 IN ({reached}) THEN work ELSE 0 END)
                OVER (in_order ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS work_ahead
        FROM generation_job
        WHERE state = 'queued' AND virtual_start <= %s
        WINDOW in_order AS (ORDER BY virtual_start, id)
    ) AS queue
    WHERE id IN ({asked})
"""
"""Where these jobs stand among all that wait, read in one pass: the ORM filters before it numbers, not after."""

LEFT_AMONG_NEXT = """
    SELECT 1
    FROM (
        SELECT checkpoint_sha256, recipe_json FROM generation_job
        WHERE state = 'queued' ORDER BY virtual_start, id LIMIT {looked_at}
    ) AS next
    WHERE NOT (1 = 1 {left_to_others})
    LIMIT 1
"""

LACKS = {
    "sqlite": "EXISTS (SELECT 1 FROM json_tree(recipe_json) WHERE atom IN (SELECT value FROM json_each(%s)))",
    "postgresql": """EXISTS (
        SELECT 1 FROM jsonb_path_query(recipe_json, '$.** ? (@.type() == "string")') leaf
        WHERE jsonb_exists(%s::jsonb, leaf #>> '{}')
    )""",
}
"""Whether a recipe names one of these hashes, at whatever depth. Recipes are read only where a worker lacks something
that others have: by itself a job's row tells its checkpoint. PostgreSQL takes the hashes as keys of an object, among
which it finds one in a few comparisons; a list it would go through."""

DIALECTS = {
    "sqlite": {
        "now": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')",
        "lease_end": f"STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW', '+{LEASE.seconds} seconds')",
        "lock": "",
    },
    "postgresql": {
        "now": "STATEMENT_TIMESTAMP()",
        "lease_end": f"STATEMENT_TIMESTAMP() + INTERVAL '{LEASE.seconds} seconds'",
        "lock": "FOR UPDATE OF job SKIP LOCKED",
    },
}


def claim_next(worker: str, warm: Collection[str] = (), elsewhere: Elsewhere = NOTHING) -> Job | None:
    """Take the fairest queued job for `worker`, or None when nothing may start.

    `warm` holds the sha256 of checkpoints that are loaded: within `WARM_SLACK` such a job goes first, since it
    joins the running batch, but no job is bypassed so more than once. `elsewhere` tells what only other workers
    reach: such jobs are left to them. Raises the attempt, which fences off every earlier holder.
    """
    with transaction.atomic():
        # Claims come one after another, or two of them could both be somebody's last allowed one.
        now = fairness.held_clock()
        left, hashes = left_to_others(elsewhere)
        statement = _statement(CLAIM, left, len(warm))
        drawn = Job.objects.raw(statement, [*hashes, worker, worker, worker, worker, *warm])
        job: Job | None = next(iter(drawn), None)
        if job is not None and job.checkpoint_sha256 in warm and getattr(job, "others_ahead", False):
            with connection.cursor() as cursor:
                place = (job.virtual_start, job.virtual_start, job.pk)
                cursor.execute(_statement(COUNT_BYPASSES, left), [*hashes, *place])
        if job is not None and job.virtual_start > now:
            fairness.advance_clock(job.virtual_start)
    return job


def left_to_others(elsewhere: Elsewhere) -> tuple[str, list[Any]]:
    """A condition, and its values, by which jobs that `elsewhere` has are left out."""
    text, values = "", list[Any](elsewhere.checkpoints)
    if elsewhere.checkpoints:
        text = f"AND checkpoint_sha256 NOT IN ({_holes(len(values))})"
    if elsewhere.lacking:
        lacks = LACKS[connection.vendor]
        by_others = " AND ".join([lacks] * len(elsewhere.others))
        text += f" AND (NOT {lacks} OR ({by_others}))"
        values += map(_as_json, (elsewhere.lacking, *elsewhere.others))
    return text, values


def _as_json(hashes: Hashes) -> str:
    """Hashes as `LACKS` takes them."""
    return json.dumps(sorted(hashes) if connection.vendor == "sqlite" else dict.fromkeys(sorted(hashes), 1))


def _statement(text: str, left: str, warm: int = 0) -> str:
    return text.format(
        ready=READY.format(look_ahead=LOOK_AHEAD, left_to_others=left),
        suspect=SUSPECT_CRASHES,
        slack=WARM_SLACK,
        warm=_holes(warm),
        **DIALECTS[connection.vendor],
    )


def _holes(count: int) -> str:
    return ", ".join(["%s"] * count) or "NULL"


def waits_for_others(elsewhere: Elsewhere) -> bool:
    """Whether jobs wait that only other workers can draw, as far as the next ones tell."""
    if elsewhere == NOTHING:
        return False
    left, hashes = left_to_others(elsewhere)
    with connection.cursor() as cursor:
        cursor.execute(LEFT_AMONG_NEXT.format(looked_at=LOOKED_AT, left_to_others=left), hashes)
        return cursor.fetchone() is not None


def claim_of(job: Job) -> Claim:
    return job.pk, job.attempt


def heartbeat(worker: GpuWorker, jobs: Sequence[Job]) -> set[Claim]:
    """Prolong the leases of all jobs of a worker in one update; the claims that are still its own come back.

    One that is missing was cancelled or given to another worker: its result must be dropped. The worker's row learns
    whether the operator has it drained.
    """
    row, _ = GpuWorker.objects.update_or_create(
        name=worker.name,
        defaults={
            "device": worker.device, "slots": worker.slots, "running": len(jobs),
            "work_per_second": worker.work_per_second, "checkpoints": worker.checkpoints, "metrics": worker.metrics,
            "seen_at": Now(),
        },
    )  # fmt: skip
    worker.is_draining = row.is_draining
    mine = Job.objects.running().filter(pk__in=[job.pk for job in jobs], worker=worker.name)
    mine.prolong()
    return set(mine.values_list("pk", "attempt")) & {claim_of(job) for job in jobs}


@dataclass(frozen=True, slots=True)
class Wait:
    """`place` from 1 among all that wait; `seconds` until it starts, None where nobody can know; `reason` in words."""

    place: int
    seconds: float | None
    reason: str = ""


def wait_of(job: Job) -> Wait | None:
    return waits([job]).get(job.pk)


def waits(jobs: Sequence[Job]) -> dict[int, Wait]:
    """How long each queued one of the jobs waits, and why: the work ahead of it over what the living workers do.

    Work that no worker can do is not counted, and who waits for such a thing is promised no time.
    """
    queued = [job for job in jobs if job.state == Job.State.QUEUED]
    workers = living_workers() if queued else Workers()
    paused = SiteState.objects.current().pause_sentence if queued else ""
    full = full_plans({job.owner_id for job in queued})
    running = work_of(Job.objects.running()) / 2 if workers.speed else 0.0
    lacked = lacked_by_all(queued, workers)
    by_job = {}
    for job, (place, ahead) in places_of(queued, workers.checkpoints).items():
        able = job.checkpoint_sha256 in workers.checkpoints and job.pk not in lacked and not paused
        seconds = (running + ahead) / workers.speed if workers.speed and able else None
        reason = LACKED if job.pk in lacked else reason_of(job, workers, full.get(job.owner_id), seconds)
        by_job[job.pk] = Wait(place, seconds, paused or reason)
    return by_job


def places_of(jobs: Sequence[Job], reached: Collection[str]) -> dict[Job, tuple[int, float]]:
    """Place in the queue, and the work before it that can be done with the `reached` checkpoints. In one query.

    A job that was started or cancelled since it was read has none.
    """
    if not jobs:
        return {}
    by_id = {job.pk: job for job in jobs}
    # Nobody behind the last of them changes a place: the bound keeps the rest of a long queue unread.
    latest = max(job.virtual_start for job in jobs)
    with connection.cursor() as cursor:
        statement = PLACES.format(reached=_holes(len(reached)), asked=_holes(len(by_id)))
        cursor.execute(statement, [*reached, latest, *by_id])
        return {by_id[pk]: (place, float(ahead or 0)) for pk, place, ahead in cursor.fetchall()}


def reason_of(job: Job, workers: Workers, full: int | None, seconds: float | None) -> str:
    """What holds it back, or when it starts; '' where there is nothing to say. `full`: what its owner's plan draws."""
    if not workers.alive:
        return "Waiting for a worker; none is at work right now."
    if job.checkpoint_sha256 not in workers.checkpoints:
        return "No worker that is at work has its checkpoint."
    if full is not None:
        return f"Your plan draws {counted(full, 'picture')} at a time."
    return "" if seconds is None else estimate(seconds)


def estimate(seconds: float) -> str:
    if seconds < 1.5:
        return "Starts in a moment"
    return f"Starts in about {seconds:.0f} s" if seconds < 90 else f"Starts in about {seconds / 60:.0f} min"


def full_plans(owners: Collection[int]) -> dict[int, int]:
    """Of these people those who draw as many pictures as their plan allows, and how many that is."""
    drawing = Job.objects.running().filter(owner__in=owners).values_list("owner", "owner__plan__max_running")
    counted = drawing.annotate(running=Count("pk")).order_by()
    return {owner: most for owner, most, running in counted if running >= most}


def seconds_for(jobs: QuerySet[Job]) -> float | None:
    """How long the living workers draw at these jobs, as far as they can; None where nobody can know."""
    workers = living_workers()
    return work_of(jobs.filter(checkpoint_sha256__in=workers.checkpoints)) / workers.speed if workers.speed else None


@dataclass(frozen=True, slots=True)
class Workers:
    """The living ones together. `speed`: pixels times steps a second, 0 while none is measured.

    `checkpoints` are those that any of them reaches, `lacks` what each of them lacks of these and of all other weights.
    """

    alive: int = 0
    speed: float = 0.0
    checkpoints: Hashes = frozenset()
    lacks: tuple[Hashes, ...] = ()


def living_workers() -> Workers:
    rows = list(GpuWorker.objects.at_work().only("work_per_second", "checkpoints", "metrics"))
    speed, checkpoints = sum(row.work_per_second for row in rows), checkpoints_of(rows)
    return Workers(len(rows), float(speed), checkpoints, lacks_of(rows, checkpoints))


def lacked_by_all(jobs: Sequence[Job], workers: Workers) -> set[int]:
    """Ids of those jobs whose checkpoints there are, but of whose weight files each living worker lacks some."""
    asked = [job.pk for job in jobs if job.checkpoint_sha256 in workers.checkpoints]
    if not (asked and all(workers.lacks)):
        return set()
    conditions = " AND ".join([LACKS[connection.vendor]] * len(workers.lacks))
    statement = f"SELECT id FROM generation_job WHERE id IN ({_holes(len(asked))}) AND {conditions}"
    with connection.cursor() as cursor:
        cursor.execute(statement, [*asked, *map(_as_json, workers.lacks)])
        return {pk for (pk,) in cursor.fetchall()}


def work_of(jobs: QuerySet[Job]) -> float:
    return float(jobs.aggregate(total=Sum("work"))["total"] or 0)
