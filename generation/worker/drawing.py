"""The worker's side of a picture: claim the fairest job, draw it, send previews, keep the picture."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial

import structlog

from accounts.ratings import Rating
from generation.catalog.loras.quarantine import quarantined_of
from generation.catalog.safeguards import pictures
from generation.engine.outcome import Rendered, RenderError, Step, WeightsRefused
from generation.imaging.encode import encode_preview
from generation.jobs import lifecycle, queueing, upkeep
from generation.jobs.grids import finishing
from generation.messages import broker, events, frames, wakeups
from generation.models import Job
from generation.models.reach import is_database_away
from generation.recipes.checks import InvalidRecipe
from generation.storage.files import StorageAway
from generation.worker.patience import Drained, Stopped, patiently, with_database
from generation.worker.process import WorkerProcess, this_worker
from generation.worker.weights import fetched_path, missing_for

logger = structlog.get_logger(__name__)

PASS_ON_SECONDS = 2
FETCH_SECONDS = 600.0
"""How long weights may take from the bucket before a job counts as hanging."""


def perform_ready_jobs() -> int:
    """Draw until nothing is ready, so that a lost wake-up costs nothing while there is work. The number drawn."""
    worker = this_worker()
    performed = 0
    while not worker.closing and (job := with_database(worker, partial(claim, worker))):
        if job.is_suspect:
            perform_alone(worker, job)
        else:
            perform_job(worker, job)
        performed += 1
        if finishing.is_last(job):
            wakeups.send(wakeups.Task.FINISH_GRIDS)
    if not performed and queueing.waits_for_others(worker.elsewhere):
        pass_on(worker)
    return performed


def claim(worker: WorkerProcess) -> Job | None:
    return queueing.claim_next(worker.name, worker.warm(), worker.elsewhere)


def pass_on(worker: WorkerProcess) -> None:
    """Send the wake-up again, for a worker that has the file. Upkeep would, but later.

    Not while as many of them wait as there are slots: more say nothing new.
    """
    if (broker.waiting_wakeups() or 0) < worker.row.slots:
        wakeups.send(wakeups.Task.RUN_NEXT_JOB, countdown=PASS_ON_SECONDS)


def perform_alone(worker: WorkerProcess, job: Job) -> None:
    """Draw a suspect. Before it, other workers took nothing, and beside it this one takes nothing.

    They use up their wake-ups without drawing, so new ones are sent.
    """
    upkeep.wake_for(worker.row.slots)
    perform_job(worker, job)
    upkeep.wake_for(worker.row.slots)


def perform_job(worker: WorkerProcess, job: Job) -> None:
    """One job from claimed to ended. Only our own faults fail it; a shutdown puts it back."""
    structlog.contextvars.bind_contextvars(job=job.code, attempt=job.attempt)
    try:
        with worker.holding_job(job):
            events.publish_change(job)
            refuse_quarantined(job)
            patiently(worker, job, lambda: fetch(worker, job))
            rendered = patiently(worker, job, lambda: draw(worker, job))
            verdict = pictures.judge_picture(job, rendered.pixels)
            if verdict.is_withheld:
                lifecycle.fail_job(job, pictures.WITHHELD, pictures.SENTENCE)
            else:
                keep(worker, job, rendered, verdict.rating)
    except Stopped:
        logger.info("job_stopped")
    except Drained:
        lifecycle.release_job(job)
    except RenderError as error:
        if worker.renderer.died:
            # As after a kill: its lease runs out, so that a job which breaks engines again and again is given up.
            logger.error("job_left_behind")
        elif error.code == "weights-missing" and worker.only_others_reach(job):
            logger.info("job_left_to_others")
            lifecycle.release_job(job)
        else:
            lifecycle.fail_job(job, error.code, str(error))
    except InvalidRecipe as refusal:  # of what only pixels tell, such as an empty mask
        lifecycle.fail_job(job, refusal.code, f"{refusal.message} Your credits are back.")
    except (lifecycle.NotStored, StorageAway):
        logger.exception("picture_not_stored")
        lifecycle.fail_job(job, "storage-refused", "The picture could not be stored just now. Your credits are back.")
    except Exception as error:
        if is_database_away(error):
            # No fault of the job's: it is put back, and not left behind as by a worker that died with it.
            with_database(worker, partial(lifecycle.release_job, job))
            return
        logger.exception("job_broke")
        lifecycle.fail_job(job, "internal-error", "Something broke on our side while drawing. Your credits are back.")
    finally:
        structlog.contextvars.unbind_contextvars("job", "attempt")


def refuse_quarantined(job: Job) -> None:
    """Raises WeightsRefused where a LoRA was quarantined while the job waited: it would fail like those before it."""
    if job.recipe.every_lora and (title := quarantined_of(job)):
        sentence = f"“{title}” was quarantined meanwhile; its page says why. Your credits are back."
        raise WeightsRefused("lora-quarantined", sentence)


def fetch(worker: WorkerProcess, job: Job) -> None:
    """Have its weights on this disk before the engine, which draws for others meanwhile, asks for them.

    What is nowhere is told by the engine.
    """
    for sha256 in missing_for(job):
        worker.give_time(job, FETCH_SECONDS)
        fetched_path(sha256)
        if worker.has_lost(job):
            raise Stopped


def keep(worker: WorkerProcess, job: Job, rendered: Rendered, rating: Rating) -> None:
    """End the job as done. A finished picture outlasts a storage or a database that is away for a while."""
    finish = partial(lifecycle.finish_job, job, rendered.pixels, rendered.seconds, rating, rendered.drawn)
    patiently(worker, job, lambda: with_database(worker, finish))


def draw(worker: WorkerProcess, job: Job) -> Rendered:
    """Follow the renderer's steps. Leaving the loop closes the generator, which cancels the request."""
    previews = Previews(job)
    with closing(worker.renderer.render(job.recipe, deadline_seconds=worker.deadline(job))) as steps:
        for event in steps:
            if isinstance(event, Rendered):
                worker.record_speed(job.work, event.seconds)
                return event
            if worker.has_lost(job) or previews.show(event):
                raise Stopped
            if worker.out_of_time():
                raise Drained
    raise RenderError("no-picture", "The engine stopped without a picture. Your credits are back.")


class Previews:
    """Sends the steps of one job to its owner, at most `FRAMES_A_SECOND`; what comes too soon is dropped."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.next_at = 0.0

    def show(self, step: Step) -> bool:
        """True when the owner asked to stop. The first step is always shown."""
        now = time.monotonic()
        if now < self.next_at:
            return False
        self.next_at = now + 1 / frames.FRAMES_A_SECOND
        picture = encode_preview(step.preview) if step.preview is not None else b""
        percent = 100 * step.index // step.total
        frame = frames.Frame(self.job.code, percent, step.index, step.total, step.seconds_left, picture)
        return frames.publish_frame(self.job.owner_id, frame)
