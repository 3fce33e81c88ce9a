"""What dialects answer about jobs that were waited for: how they stand, and the no where there is no picture."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.refusals import Refusal
from generation.catalog.safeguards.pictures import WITHHELD
from generation.models import Job


class StillDrawn(Refusal):
    """It takes longer than clients wait; the picture is made and paid all the same."""

    status = 504


class NotDrawn(Refusal):
    """Our fault, and no refusal but in its shape: the credits have come back by then."""

    status = 500


class Withheld(Refusal):
    """The safeguards' no is about what was asked for."""

    status = 422


def jobs_now(jobs: Iterable[Job]) -> list[Job]:
    """These jobs as they stand now, with their images, in their order."""
    keys = [job.pk for job in jobs]
    return list(Job.objects.filter(pk__in=keys).select_related("image").order_by("position"))


def failure_of(job: Job) -> Refusal:
    """What is told of a job that failed."""
    kind = Withheld if job.error_code == WITHHELD else NotDrawn
    return kind(job.error_code, job.error_message)
