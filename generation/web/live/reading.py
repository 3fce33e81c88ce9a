"""What live lines read from the rows: how things stand when a page opens, and the places of what waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from generation.jobs import queueing
from generation.messages import frames
from generation.models import Job, TrainingRun

RESUMED_AMONG = 1000
"""So many of a person's newest jobs are looked through for what a program has missed."""
TOLD_OF_JOBS = ("code", "submission", "state", "error_code", "error_message", "image__code", "image__deleted_at")
PLACES_A_PERSON = 50
"""So many of a person's waiting jobs are told their places: more are on no screen."""


def snapshot(owner_id: int) -> tuple[list[dict[str, Any]], list[frames.Frame]]:
    """States of the owner's unfinished jobs, and their latest frames."""
    jobs = list(Job.objects.of(owner_id).unfinished().only("code", "state"))
    last = (frames.last_frame(job.code) for job in jobs if job.state == Job.State.RUNNING)
    return [{"code": job.code, "state": job.state} for job in jobs], [frame for frame in last if frame]


def missed(owner_id: int, since: datetime | None) -> tuple[list[dict[str, Any]], bool]:
    """The owner's unfinished jobs, and those that ended since then; False where some of these may be missing."""
    jobs, ended, whole = Job.objects.of(owner_id), list[dict[str, Any]](), True
    if since is not None:
        # Before the others: one that ends in between is in neither list, and an event tells of it.
        newest = list(jobs.newest().values(*TOLD_OF_JOBS, "finished_at", "created_at")[:RESUMED_AMONG])
        ended = [row for row in reversed(newest) if row["finished_at"] is not None and row["finished_at"] >= since]
        whole = len(newest) < RESUMED_AMONG or newest[-1]["created_at"] < since
    unfinished = jobs.unfinished().order_by("pk").values(*TOLD_OF_JOBS)
    return [job_data(row) for row in (*ended, *unfinished)], whole


def job_of(owner_id: int, code: str) -> dict[str, Any] | None:
    """One job as programs are told of it; None when it has gone."""
    row = Job.objects.of(owner_id).filter(code=code).values(*TOLD_OF_JOBS).first()
    return job_data(row) if row else None


def job_data(row: dict[str, Any]) -> dict[str, Any]:
    """`image` is the code of its picture while there is one."""
    told = {name: row[name] for name in ("code", "submission", "state", "error_code", "error_message")}
    return {**told, "image": row["image__code"] if row["image__deleted_at"] is None else None}


def frames_of(codes: Collection[str]) -> list[frames.Frame]:
    """The latest frames of these jobs, of those that have one."""
    return [frame for code in codes if (frame := frames.last_frame(code))]


def waiting_places(owners: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """By person: place in the queue, seconds until the start and what it waits for, for each waiting job.

    As many queries for all of them as for one.
    """
    rows = Job.objects.filter(owner__in=owners).queued().order_by("virtual_start", "id")
    jobs: dict[int, list[Job]] = defaultdict(list)
    for job in rows.only("code", "owner", "state", "virtual_start", "checkpoint_sha256"):
        if len(jobs[job.owner_id]) < PLACES_A_PERSON:
            jobs[job.owner_id].append(job)
    waits = queueing.waits([job for mine in jobs.values() for job in mine])
    return {
        owner: [
            {
                "code": job.code,
                "place": wait.place,
                "seconds": None if wait.seconds is None else round(wait.seconds),
                "reason": wait.reason,
            }
            for job in mine
            if (wait := waits.get(job.pk))  # started or cancelled since it was read: an event says so
        ]
        for owner, mine in jobs.items()
    }


def standing(owner_id: int, code: str) -> dict[str, Any] | None:
    """How the run stands, in the words of its progress events; None when it is not this person's."""
    run = TrainingRun.objects.of(owner_id).filter(code=code).first()
    if run is None:
        return None
    step, loss, validation = run.curve[-1] if run.curve else (run.step, None, None)
    return {
        "type": "progress", "step": run.step, "steps": run.steps, "loss": loss,
        "validation": validation if step == run.step else None, "seconds_left": run.seconds_left, "state": run.state,
    }  # fmt: skip
