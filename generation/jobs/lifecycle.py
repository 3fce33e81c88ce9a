"""Every way a job ends: row, image, credits and event together. How it starts is `queueing`'s.

Each ending is one conditional update inside one transaction, so of two that race exactly one happens.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts import credits
from accounts.models import User
from accounts.ratings import Rating
from accounts.refusals import Conflict
from generation.catalog.loras.quarantine import RAN_AWAY, quarantine_runaways
from generation.imaging.infotext import write_infotext
from generation.jobs import fairness
from generation.jobs.filing import keep_image
from generation.jobs.pinning import note_uses
from generation.jobs.sources import source_type_of_job
from generation.jobs.webhooks.announcing import announce_end
from generation.messages import events, frames
from generation.models import Checkpoint, Fingerprint, GeneratedImage, Job, Lora
from generation.recipes.picture import Recipe
from generation.storage import files
from generation.storage.fingerprints import keep_fingerprint
from generation.storage.marks import marked
from generation.storage.thumbnails import ENDINGS, thumbnails_of

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredFiles:
    """The written files of a picture, before any row points at them."""

    file: str
    thumbnails: dict[str, str]
    size_bytes: int
    sha256: str
    infotext: str
    fingerprint: Fingerprint


class NotStored(Exception):
    """The picture was drawn, but the storage refused it. Nothing of it is kept."""


def finish_job(
    job: Job,
    pixels: np.ndarray,
    seconds: float,
    rating: Rating = Rating.GENERAL,
    drawn: np.ndarray | None = None,
) -> GeneratedImage | None:
    """Keep the picture (uint8, height × width × 3) and end the job as done, in one transaction.

    `drawn` (height × width) are the pixels that were drawn, where the others are somebody's picture; None: all.

    None when the job was no longer this attempt's: cancelled, or given to another worker. Its files are removed.
    Raises NotStored when the storage refuses, and StorageAway when it does not answer: then the same may be tried
    again. The job goes on being this attempt's.
    """
    stored = _write_files(job, pixels, drawn)
    with transaction.atomic():
        if not _end(Job.objects.held(job), Job.State.DONE):
            image = None
        else:
            image = _image_row(job, stored, pixels, seconds, rating)
            credits.settle(job.reference, job.credits, note=_note(job))
            announce_end(job, Job.State.DONE, image=image.code)
    if image is None:
        logger.info("result_too_late", job=job.code, attempt=job.attempt)
        files.discard(stored.file, *stored.thumbnails.values())
        return None
    _announce(job, Job.State.DONE)
    return image


def fail_job(job: Job, code: str, message: str) -> bool:
    """End the job as failed by our fault and give the credits back. False when it was no longer this attempt's."""
    with transaction.atomic():
        ended = _end(Job.objects.held(job), Job.State.FAILED, error_code=code, error_message=message[:300])
        if ended:
            credits.release(job.reference, note=f"Failed: {_note(job)}")
            announce_end(job, Job.State.FAILED, error_code=code, error_message=message[:300])
    if ended:
        if code == RAN_AWAY:
            quarantine_runaways(job)
        logger.warning("job_failed", job=job.code, code=code, message=message)
        _announce(job, Job.State.FAILED)
    return ended


def cancel_job(job: Job) -> None:
    """End an unfinished job as its owner asks: the steps drawn by now are paid, since their previews were shown.

    The rest returns, and all of it while the job still waits. Conflict when it has ended already.
    """
    shown = frames.last_frame(job.code)
    with transaction.atomic():
        # Lock order: the share before the job, as for a submission, else deadlock.
        share = fairness.held_share(job.owner)
        row = Job.objects.unfinished().select_for_update().filter(pk=job.pk).first()
        cost = cancel_cost(row, shown) if row is not None else 0
        if row is None or not _end(
            Job.objects.filter(pk=row.pk, state=row.state), Job.State.CANCELLED, cancel_cost=cost
        ):
            raise Conflict("already-ended", "This picture has already ended; there is nothing to cancel.")
        if row.state == Job.State.QUEUED:
            fairness.close_gap(share, row)
        note = f"Cancelled: {_note(row)}"
        if cost:
            credits.settle(row.reference, cost, note=note)
        else:
            credits.release(row.reference, note=note)
        announce_end(row, Job.State.CANCELLED)
    frames.ask_to_stop(job)
    _announce(job, Job.State.CANCELLED)


def cancel_cost(job: Job, frame: frames.Frame | None) -> int:
    """Credits for the steps that the job, whose last frame this is, has drawn: paid when it is cancelled, or was."""
    if job.state == Job.State.RUNNING and frame is not None and frame.total:
        return math.ceil(job.credits * min(1.0, frame.step / frame.total))
    return job.cancel_cost


def cancel_jobs(user: User, submission: str = "") -> list[str]:
    """Cancel what a person waits for, all of it or one submission of theirs; the codes of the jobs that it ended."""
    jobs = Job.objects.of(user).unfinished()
    return cancel_all(jobs.filter(submission=submission) if submission else jobs)


def cancel_all(jobs: QuerySet[Job]) -> list[str]:
    """Cancel these jobs; the codes of those that it ended.

    The last in line first, so that no worker begins one meanwhile; what ends by itself in this moment is left as it is.
    """
    ended = []
    for job in jobs.order_by("-virtual_start", "-pk"):
        try:
            cancel_job(job)
        except Conflict:
            continue
        ended.append(job.code)
    return ended


def release_job(job: Job) -> bool:
    """Put a running job back into the queue, for a worker that stops. Its place in the fair order is kept."""
    released = bool(Job.objects.held(job).put_back(state=Job.State.QUEUED, worker="", started_at=None))
    if released:
        frames.forget_frame(job.code)
        _announce(job, Job.State.QUEUED)
    return released


def _end(rows: QuerySet[Job], state: Job.State, **fields: str | int) -> bool:
    return bool(rows.update(state=state, finished_at=Now(), lease_until=None, **fields))


def _announce(job: Job, state: Job.State) -> None:
    job.state = state
    transaction.on_commit(lambda: events.publish_change(job))


def _write_files(job: Job, pixels: np.ndarray, drawn: np.ndarray | None) -> StoredFiles:
    """Files first, then rows: a row never points at nothing; a file without a row is swept."""
    infotext = infotext_of(job.recipe)
    picture = marked(pixels, source_type_of_job(job), drawn=drawn)
    png, thumbnails = picture.png(infotext), thumbnails_of(picture)
    written: list[str] = []
    try:
        for kind, data in ((".png", png), *((ENDINGS[field], data) for field, data in thumbnails.items())):
            written.append(files.write(files.image_name(job, kind), data))
    except files.StorageAway:  # what was written of it is swept, like all that no row points at
        raise
    except Exception as error:  # each storage raises its own
        files.discard(*written)
        raise NotStored(str(error)) from error
    names = dict(zip(thumbnails, written[1:], strict=True))
    sha256 = hashlib.sha256(png).hexdigest()
    return StoredFiles(written[0], names, len(png), sha256, infotext, picture.fingerprint)


def _image_row(job: Job, stored: StoredFiles, pixels: np.ndarray, seconds: float, rating: Rating) -> GeneratedImage:
    height, width = pixels.shape[:2]
    image = keep_image(
        owner_id=job.owner_id,
        job=job,
        recipe_json=job.recipe_json,
        prompt=job.prompt,
        infotext=stored.infotext,
        width=width,
        height=height,
        seed=job.recipe.seed,
        file=stored.file,
        **stored.thumbnails,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        render_seconds=seconds,
        rating=rating,
    )
    keep_fingerprint(stored.fingerprint, image)
    note_uses(image, job.recipe)
    return image


def infotext_of(recipe: Recipe) -> str:
    """The recipe as A1111 writes it, with the hashes by which other tools find the weights."""
    checkpoint = Checkpoint.objects.filter(sha256=recipe.checkpoint_sha256).first()
    rows = Lora.objects.filter(sha256__in=[pick.sha256 for pick in recipe.every_lora])
    hashes = {row.sha256: row.lora_hash for row in rows if row.lora_hash}
    return write_infotext(
        recipe,
        checkpoint_hash=recipe.checkpoint_sha256[:10],
        checkpoint_title=checkpoint.name if checkpoint else recipe.checkpoint,
        lora_hashes={pick.name: hashes[pick.sha256] for pick in recipe.every_lora if pick.sha256 in hashes},
    )


def _note(job: Job) -> str:
    return " ".join(job.prompt.split())[:80]
