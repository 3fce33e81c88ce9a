"""How far the pictures of one token are, summed up as A1111 tells it; and the end of them.

A1111 has one job for everybody. Here a token is told of its own pictures alone, and can end no other ones.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image
from rest_framework.request import Request
from rest_framework.response import Response

from generation.api.a1111.base import A1111View, own_token
from generation.api.access import user_of
from generation.jobs.lifecycle import cancel_all
from generation.jobs.queueing import waits
from generation.messages.frames import Frame, last_frame
from generation.models import Job
from generation.models.jobs import JobQuerySet

BEGUN = 0.01
"""What A1111 tells of work that has not come far; 0 means that there is none, and programs go by it."""


class ProgressView(A1111View):
    """What this token waits for: its unfinished submissions, and the last preview of what is drawn."""

    scope = "read"

    def get(self, request: Request) -> Response:
        jobs = awaited(own_jobs(request))
        frames = {job.pk: frame for job in jobs if is_running(job) and (frame := last_frame(job.code))}
        latest = max(frames.values(), key=lambda frame: frame.percent, default=None)
        shows = request.query_params.get("skip_current_image", "").lower() not in ("1", "true")
        return Response(
            {
                "progress": progress_of(jobs, frames),
                "eta_relative": seconds_left(jobs, list(frames.values())),
                "state": state_of(jobs, latest),
                "current_image": as_png(latest.picture) if shows and latest and latest.picture else None,
                "textinfo": None,
            }
        )


class InterruptView(A1111View):
    """End all that this token waits for; the steps drawn by now are paid."""

    scope = "generate"

    def post(self, request: Request) -> Response:
        cancel_all(own_jobs(request).unfinished())
        return Response({})


class SkipView(A1111View):
    """End what is drawn for this token just now; what waits goes on."""

    scope = "generate"

    def post(self, request: Request) -> Response:
        cancel_all(own_jobs(request).running())
        return Response({})


def own_jobs(request: Request) -> JobQuerySet:
    """Of the person who asks, and asked for by this token."""
    return Job.objects.of(user_of(request)).filter(token=own_token(request))


def awaited(mine: JobQuerySet) -> list[Job]:
    """All jobs of the submissions of which some have not ended, in the order in which they were asked for."""
    return list(mine.filter(submission__in=mine.unfinished().values("submission")).order_by("pk"))


def is_running(job: Job) -> bool:
    return job.state == Job.State.RUNNING


def progress_of(jobs: Sequence[Job], frames: Mapping[int, Frame]) -> float:
    """0 where there is nothing to wait for, else 0.01 to 1: ended ones count whole, drawn ones by their steps."""
    if not jobs:
        return 0.0
    ended = sum(not job.is_unfinished for job in jobs)
    drawn = sum(frame.step / frame.total for frame in frames.values() if frame.total)
    return round(max(BEGUN, min(1.0, (ended + drawn) / len(jobs))), 4)


def seconds_left(jobs: Sequence[Job], frames: Sequence[Frame]) -> float:
    """Until the last of them is expected to start or to end, as far as anybody knows; 0 where nobody does."""
    starts = [wait.seconds for wait in waits(jobs).values() if wait.seconds is not None]
    return round(max([*starts, *(frame.seconds_left for frame in frames)], default=0.0), 1)


def state_of(jobs: Sequence[Job], latest: Frame | None) -> dict[str, Any]:
    return {
        "skipped": False,
        "interrupted": False,
        "stopping_generation": False,
        "job": jobs[0].submission if jobs else "",
        "job_count": len(jobs),
        "job_timestamp": f"{jobs[0].created_at:%Y%m%d%H%M%S}" if jobs else "0",
        "job_no": sum(not job.is_unfinished for job in jobs),
        "sampling_step": latest.step if latest else 0,
        "sampling_steps": latest.total if latest else 0,
    }


def as_png(preview: bytes) -> str:
    """A preview, which is a small JPEG of our own, as programs expect it."""
    file = io.BytesIO()
    with Image.open(io.BytesIO(preview), formats=("JPEG",)) as picture:
        picture.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()
