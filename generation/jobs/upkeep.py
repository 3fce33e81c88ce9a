"""Periodic upkeep of jobs: expired leases, lost wake-ups, old files. Any number may run at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts import credits
from generation.catalog import bucket
from generation.catalog.loras import files as lorafiles
from generation.catalog.loras.quarantine import quarantine_suspects
from generation.jobs.filing import file_images
from generation.jobs.sharing import prune_links
from generation.messages import events, frames, wakeups
from generation.models import Fingerprint, GeneratedImage, GpuWorker, Job, KeptAnswer
from generation.models.answers import ANSWER_KEPT_FOR
from generation.models.leases import LEASE, MAX_SOLO_CRASHES, must_give_up
from generation.models.picture_search import forget_words
from generation.storage import files

logger = structlog.get_logger(__name__)

DELETED_KEPT_FOR = timedelta(days=1)
WORKER_KEPT_FOR = timedelta(days=1)


def recover() -> dict[str, int]:
    """Requeue what a dead worker held, send the wake-ups that are missing, file what is not filed."""
    return {
        "requeued": requeue_expired_leases(),
        "announced": resend_unannounced_jobs(),
        "filed": file_images(),
    }


def requeue_expired_leases() -> int:
    """Jobs whose worker went silent go back to the queue; those that crashed too many workers fail and are refunded."""
    with transaction.atomic():
        expired = _left_behind()
        held = Counter(job.worker for job in expired)
        for job in expired:
            job.crash_count += 1
            # A worker that died with one job is evidence against that job; with several it is not.
            job.solo_crash_count += held[job.worker] == 1
            if must_give_up(job.crash_count, job.solo_crash_count):
                _give_up(job)
            else:
                _requeue(job)
    for job in expired:
        frames.forget_frame(job.code)
        events.publish_change(job)
    requeued = len([job for job in expired if job.state == Job.State.QUEUED])
    if requeued:
        logger.warning("leases_expired", jobs=requeued)
    return requeued


def _left_behind() -> list[Job]:
    """Jobs of expired leases. Of a worker without heartbeat too, all that it had: they died together.

    A worker that still has one no longer prolongs what hangs in it, and goes on with the rest. Locked, so that two who
    recover at once do not both count one crash.
    """
    running = Job.objects.running().exclude(lease_until=None)
    workers = set(running.expired().values_list("worker", flat=True))
    beating = GpuWorker.objects.filter(name__in=workers, seen_at__gt=Now() - LEASE)
    silent = workers.difference(beating.values_list("name", flat=True))
    left = running.filter(worker__in=workers).expired() | running.filter(worker__in=silent)
    return list(left.order_by("pk").select_for_update())


def _requeue(job: Job) -> None:
    """Back to its place in the fair order; upkeep sends a wake-up for it."""
    job.state = Job.State.QUEUED
    Job.objects.filter(pk=job.pk).put_back(
        state=job.state,
        crash_count=job.crash_count,
        solo_crash_count=job.solo_crash_count,
        worker="",
        started_at=None,
    )


def _give_up(job: Job) -> None:
    job.state = Job.State.FAILED
    Job.objects.filter(pk=job.pk).update(
        state=job.state,
        crash_count=job.crash_count,
        solo_crash_count=job.solo_crash_count,
        finished_at=Now(),
        lease_until=None,
        error_code="worker-lost",
        error_message="The worker stopped again and again on this picture, so it was given up. Your credits are back.",
    )
    credits.release(job.reference, note="Given up after repeated worker loss")
    if job.solo_crash_count >= MAX_SOLO_CRASHES:
        quarantine_suspects(job)
    logger.error("job_given_up", job=job.code, crash_count=job.crash_count, solo_crash_count=job.solo_crash_count)


def resend_unannounced_jobs() -> int:
    """Send wake-ups for queued jobs whose own is missing or old; how many jobs."""
    slots = GpuWorker.objects.alive().slots() or 1
    # One wake-up makes a worker draw until the queue is dry, so more of them than slots say nothing new.
    return Job.objects.queued().resend(lambda waiting: _wake(min(len(waiting), slots)))


def wake_for(slots: int) -> None:
    """Send wake-ups for the slots of a worker that starts: those sent before were counted without it."""
    _wake(min(slots, Job.objects.queued().count()))


def _wake(count: int) -> bool:
    return all(wakeups.send(wakeups.Task.RUN_NEXT_JOB) for _ in range(count))


def prune() -> dict[str, int]:
    """Remove rows and files that nobody sees any more."""
    gone, _ = GpuWorker.objects.filter(seen_at__lt=Now() - WORKER_KEPT_FOR).delete()
    answers, _ = KeptAnswer.objects.filter(created_at__lt=Now() - ANSWER_KEPT_FOR).delete()
    swept = sweep_orphans() + lorafiles.sweep_orphans() + files.sweep_unfinished() + bucket.sweep()
    return {
        "images": prune_images(),
        "files": swept,
        "workers": gone,
        "answers": answers,
        "links": prune_links(),
        "words": forget_words(),
    }


def prune_images() -> int:
    """Remove the files of pictures deleted a day ago; the undo has passed."""
    return remove_files(GeneratedImage.objects.filter(deleted_at__lt=timezone.now() - DELETED_KEPT_FOR))


def remove_files(images: QuerySet[GeneratedImage]) -> int:
    """Remove all files of deleted pictures; of how many."""
    swept = 0
    for image in images.exclude(file=""):
        files.discard(*image.file_names)
        GeneratedImage.objects.filter(pk=image.pk).update(**dict.fromkeys(GeneratedImage.FILES, ""), size_bytes=0)
        # How it looked stays known, and no longer whose it was.
        Fingerprint.objects.filter(image=image).update(image=None)
        swept += 1
    return swept


def sweep_orphans() -> int:
    """Remove files that no picture uses: of late results, of cancelled tracings, half-written ones."""
    swept = list(orphans())
    files.discard(*swept)
    return len(swept)


def orphans() -> Iterator[str]:
    """Names of image files that no row points at, a day after they were written."""
    for _, names in files.folders():
        for start in range(0, len(names), 500):
            batch = names[start : start + 500]
            codes = {files.code_in(name) for name in batch}
            made = GeneratedImage.objects.filter(Q(job__code__in=codes) | Q(grid__code__in=codes))
            rows = made.values_list(*GeneratedImage.FILES)
            used = {name for row in rows for name in row}
            yield from files.orphans_among(name for name in batch if name not in used)
