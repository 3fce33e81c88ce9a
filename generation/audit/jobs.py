"""Whether jobs, their ledger entries, images and files agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from django.db.models import Q
from django.db.models.functions import Now

from accounts import credits
from generation.audit.findings import Check, Finding, Kind, has_entry, holds_without_row
from generation.audit.lab import remaking
from generation.jobs import svg, upkeep
from generation.models import GeneratedImage, Job
from generation.models.leases import RECOVERED_WITHIN
from generation.storage import files

State = Job.State


def unpaid_jobs() -> Iterator[Finding]:
    for job in Job.objects.filter(~has_entry("job:", Kind.HOLD)):
        yield Finding("job-without-hold", job.code, "Nobody pays for this job; cancel it if it has not ended.")


def unended_holds() -> Iterator[Finding]:
    """An ended job whose credits are still held: the ending and its entry are written together, so none is expected."""
    ended = has_entry("job:", Kind.SETTLE, Kind.RELEASE)
    for job in Job.objects.filter(~ended, has_entry("job:", Kind.HOLD)).exclude(state__in=Job.UNFINISHED):
        yield Finding(
            "hold-never-ended", job.code, f"The job is {job.state}; end its hold the same way.", ending_of(job)
        )


def ending_of(job: Job) -> Callable[[], object]:
    cost = job.credits if job.state == State.DONE else job.cancel_cost
    if cost:
        return partial(credits.settle, job.reference, cost, note="Audit: settled")
    return partial(credits.release, job.reference, note="Audit: released")


def wrong_endings() -> Iterator[Finding]:
    """Charged without a picture, a picture for nothing, or credits back while the job still goes on."""
    settled, released = has_entry("job:", Kind.SETTLE), has_entry("job:", Kind.RELEASE)
    wrong = (
        Q(state=State.DONE) & released
        | Q(state=State.FAILED) & settled
        | Q(state=State.CANCELLED, cancel_cost=0) & settled
        | Q(state=State.CANCELLED, cancel_cost__gt=0) & released
        | Q(state__in=Job.UNFINISHED) & (settled | released)
    )
    for job in Job.objects.filter(wrong):
        yield Finding("wrong-ending", job.code, f"The job is {job.state}, the ledger says otherwise; decide by hand.")


def ownerless_holds() -> Iterator[Finding]:
    advice = "Credits are held for a job that is not there; give them back."
    return holds_without_row("job:", Job.objects.all(), "hold-without-job", advice)


def jobs_and_images() -> Iterator[Finding]:
    for job in Job.objects.filter(state=State.DONE, image=None):
        yield Finding("done-without-image", job.code, "Charged, but there is no picture; give the credits by hand.")
    for image in GeneratedImage.objects.filter(job__isnull=False).exclude(job__state=State.DONE):
        yield Finding("image-of-unfinished-job", image.code, "The picture is there, its job is not done.")


def missing_files() -> Iterator[Finding]:
    for image in GeneratedImage.objects.exclude(file="").select_related("grid").iterator():
        for name in image.file_names:
            if not files.is_there(name):
                yield missing_file(image, name)


def missing_file(image: GeneratedImage, name: str) -> Finding:
    if again := remaking(image, name):
        return Finding("grid-file-missing", name, "All of the grid's cells are there; have it made again.", again)
    return Finding("file-missing", name, f"Restore it from a backup, or delete picture {image.code}.")


def orphan_files() -> Iterator[Finding]:
    for name in upkeep.orphans():
        yield Finding("orphan-file", name, "No picture uses this file; remove it.", partial(files.discard, name))


def unrecovered_jobs() -> Iterator[Finding]:
    """What upkeep should have put right by now. Its repair is to run upkeep once; its cure is to start beat."""
    for job in Job.objects.running().expired(RECOVERED_WITHIN):
        yield Finding("lease-long-expired", job.code, "Upkeep does not run: start beat.", upkeep.requeue_expired_leases)
    silent = Job.objects.queued().unannounced(RECOVERED_WITHIN)
    for job in silent.exclude(announced_at=None, created_at__gte=Now() - RECOVERED_WITHIN):
        yield Finding("job-unannounced", job.code, "Upkeep does not run: start beat.", upkeep.resend_unannounced_jobs)


def stuck_tracings() -> Iterator[Finding]:
    for image in svg.waiting().kept().not_leased().unannounced(RECOVERED_WITHIN):
        yield Finding("tracing-stuck", image.code, "Upkeep does not run: start beat.", svg.recover)


CHECKS: tuple[Check, ...] = (
    unpaid_jobs,
    unended_holds,
    wrong_endings,
    ownerless_holds,
    jobs_and_images,
    missing_files,
    orphan_files,
    unrecovered_jobs,
    stuck_tracings,
)
