"""The fair order: start-time fair queueing, kept in two small tables. It orders jobs; starting one is `queueing`'s.

Each job carries a start tag on a virtual clock: the later of the clock and the end of its owner's last job. A job
moves its owner's end by its work over the plan's share, so people advance in step by work, not by count, and
somebody new starts at the clock, before the tail of a long queue (Goyal, Vin and Cheng 1996, "Start-time Fair
Queuing").
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F, Max, Min
from django.db.models.functions import Greatest

from accounts.models import User
from accounts.refusals import Conflict
from generation.models import Job, QueueClock, QueueShare

WORK_UNIT = 512 * 512 * 20
"""Work that moves a share of 1 by one unit of virtual time: one picture of 512×512 in 20 steps."""


def virtual_now() -> float:
    clock, _ = QueueClock.objects.get_or_create(pk=1)
    return clock.virtual_time


def held_clock() -> float:
    """The virtual time, held until the transaction ends: whoever else asks for it waits (SQLite holds everything)."""
    clock = QueueClock.objects.select_for_update().filter(pk=1).values_list("virtual_time", flat=True).first()
    return clock or 0.0


def stamp(owner: User, works: Sequence[float]) -> list[float]:
    """Start tags for the owner's next jobs, in order. Call inside the transaction that writes the jobs."""
    share = held_share(owner)
    finish = max(virtual_now(), share.virtual_finish)
    starts = []
    for work in works:
        starts.append(finish)
        finish += work / speed_of(owner)
    share.virtual_finish = finish
    share.save(update_fields=["virtual_finish"])
    return starts


def held_share(owner: User) -> QueueShare:
    """Held until the transaction ends. Whoever changes several of a person's jobs takes it before any of them."""
    share, _ = QueueShare.objects.select_for_update().get_or_create(owner=owner)
    return share


def speed_of(owner: User) -> float:
    """Work of the owner's that moves their start tags by one unit of virtual time."""
    return WORK_UNIT * owner.plan.share


def close_gap(share: QueueShare, job: Job) -> None:
    """A queued job was cancelled: its owner's later ones move up, and what it would have cost is no longer counted.

    By no more than brings the next one to its place, or to the clock: what changed places (`prefer_job`) may be worth
    more work than the gap is wide, and moving by all of it would put several at one place.
    """
    cost = job.work / speed_of(job.owner)
    mine = Job.objects.filter(owner_id=job.owner_id)
    later = mine.queued().filter(virtual_start__gt=job.virtual_start)
    following = later.aggregate(start=Min("virtual_start"))["start"]
    if following is not None:
        gap = following - max(job.virtual_start, virtual_now())
        if (step := min(cost, gap)) > 0:
            later.update(virtual_start=F("virtual_start") - step)
    ends = F("virtual_start") + F("work") / speed_of(job.owner)
    last = mine.unfinished().aggregate(end=Max(ends))["end"]
    share.virtual_finish = max(share.virtual_finish - cost, last or 0.0)
    share.save(update_fields=["virtual_finish"])


def advance_clock(virtual_start: float) -> None:
    """A job with this tag was started: the clock never runs backwards, as a requeued job has an old tag."""
    QueueClock.objects.filter(pk=1).update(virtual_time=Greatest(F("virtual_time"), virtual_start))


def prefer_job(job: Job) -> None:
    """Draw this queued job before its owner's others: it changes places with the earliest. Nobody else's moves."""
    with transaction.atomic():
        held_share(job.owner)
        mine = Job.objects.of(job.owner).queued().order_by("virtual_start", "pk").select_for_update()
        places = {row.pk: row.virtual_start for row in mine}
        if job.pk not in places:
            raise Conflict("not-waiting", "This picture does not wait any more.")
        first = next(iter(places))
        _move(first, places[job.pk])
        _move(job.pk, places[first])
        job.virtual_start = places[first]


def _move(job_id: int, virtual_start: float) -> None:
    if not Job.objects.queued().filter(pk=job_id).update(virtual_start=virtual_start):
        raise Conflict("not-waiting", "The queue has just moved on. Try again.")
