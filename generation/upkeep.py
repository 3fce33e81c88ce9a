"""What keeps the queue true without anybody asking: expired leases, lost bells, old files. Idempotent; any number may run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts import credits
from generation import events, imagefiles
from generation.lifecycle import MAX_ATTEMPTS
from generation.models import GeneratedImage, GpuWorker, Job

logger = structlog.get_logger(__name__)

MAX_LONE_DEATHS = 2
RING_AGAIN_AFTER = timedelta(seconds=60)
DELETED_KEPT_FOR = timedelta(days=1)
WORKER_KEPT_FOR = timedelta(days=1)


def heal(ring: Callable[[], object]) -> dict[str, int]:
    """Requeue what a dead worker held and ring for what nobody was told of."""
    return {"requeued": requeue_expired_leases(), "rung": resend_unannounced_jobs(ring)}


def requeue_expired_leases() -> int:
    """Jobs whose worker went silent go back to the queue; those that ran out of attempts fail and are refunded."""
    _count_lone_deaths()
    expired = Job.objects.running().filter(lease_until__lt=Now())
    for job in expired.filter(Q(attempt__gte=MAX_ATTEMPTS) | Q(lone_deaths__gte=MAX_LONE_DEATHS)):
        _set_aside(job)
    requeued = list(expired.values_list("pk", flat=True))
    n = expired.filter(pk__in=requeued).update(
        state=Job.State.QUEUED, worker="", lease_until=None, started_at=None, announced_at=None
    )
    for job in Job.objects.filter(pk__in=requeued):
        events.publish_change(job)
    if n:
        logger.warning("leases_expired", jobs=n)
    return n


def _count_lone_deaths() -> None:
    """A worker that died with one job in hand is evidence against that job; with several it is not."""
    expired = Job.objects.running().filter(lease_until__lt=Now())
    alone = expired.values("worker").annotate(n=Count("id")).filter(n=1).values_list("worker", flat=True)
    expired.filter(worker__in=list(alone)).update(lone_deaths=F("lone_deaths") + 1)


def _set_aside(job: Job) -> None:
    with transaction.atomic():
        failed = Job.objects.running().filter(pk=job.pk, attempt=job.attempt, lease_until__lt=Now()).update(
            state=Job.State.FAILED,
            finished_at=Now(),
            lease_until=None,
            error_code="worker-lost",
            error_message="The worker stopped again and again on this picture, so it was set aside. "
            "Your credits are back.",
        )
        if failed:
            credits.release(job.reference, note="Set aside after repeated worker loss")
    if failed:
        job.state = Job.State.FAILED
        logger.error("job_set_aside", job=job.code, attempt=job.attempt, lone_deaths=job.lone_deaths)
        events.publish_change(job)


def resend_unannounced_jobs(ring: Callable[[], object]) -> int:
    """Ring once for every queued job whose bell is missing or old: a lost message must not cost a job."""
    silent = Job.objects.queued().filter(Q(announced_at=None) | Q(announced_at__lt=Now() - RING_AGAIN_AFTER))
    waiting = list(silent.values_list("pk", flat=True))
    slots = sum(GpuWorker.objects.alive().values_list("slots", flat=True)) or 1
    # A bell makes a worker draw until the queue is dry, so more bells than slots say nothing new.
    for _ in range(min(len(waiting), slots)):
        ring()
    Job.objects.filter(pk__in=waiting).update(announced_at=Now())
    return len(waiting)


def prune() -> dict[str, int]:
    """Sweep what nobody sees any more."""
    gone, _ = GpuWorker.objects.filter(seen_at__lt=Now() - WORKER_KEPT_FOR).delete()
    return {"images": prune_images(), "workers": gone}


def prune_images() -> int:
    """Remove the files of pictures deleted a day ago; the undo has passed."""
    old = GeneratedImage.objects.filter(deleted_at__lt=timezone.now() - DELETED_KEPT_FOR).exclude(file="")
    swept = 0
    for image in old:
        imagefiles.discard(image.file, image.thumbnail, image.svg_file)
        image.file = image.thumbnail = image.svg_file = ""
        image.size_bytes = 0
        image.save(update_fields=["file", "thumbnail", "svg_file", "size_bytes"])
        swept += 1
    return swept
