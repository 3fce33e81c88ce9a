"""The worker's side of a training: fetch the pictures, follow the trainer, save what it makes, do as its owner asked.

Pictures are `drawing`'s.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import Enum, auto
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from django.conf import settings

from accounts.refusals import QuotaExceeded
from generation.engine.outcome import RenderError
from generation.engine.training.trainer import Finished, Measured, Progress, TrainingError, TrainingPicture, train
from generation.imaging.encode import encode_image
from generation.messages import events
from generation.models import TrainingRun
from generation.storage import files as storage_files
from generation.storage.files import StorageAway
from generation.storage.quota import check_room
from generation.storage.signing import sign
from generation.training.runs import files, lifecycle, queueing
from generation.training.runs.curve import LossCurve
from generation.training.runs.selection import best_so_far
from generation.training.runs.state_sync import StateSync
from generation.training.searches import halving
from generation.worker.process import WorkerProcess, this_worker
from generation.worker.weights import CatalogWeights

logger = structlog.get_logger(__name__)

Event = Progress | Measured | Finished
Action = TrainingRun.Action

ROWS_EVERY_SECONDS = 1.0
EVENTS_EVERY_SECONDS = 0.25
AWAY_SECONDS = 5.0
"""How long a worker leaves trainings alone when the storage did not answer."""
NOT_FINITE = "not-finite"


class StopReason(Enum):
    """Why a worker no longer follows a training."""

    FINISHED = auto()
    PAUSED = auto()
    AT_RUNG = auto()
    DRAINED = auto()
    STORAGE_FULL = auto()
    LOST = auto()


class TrainingStopped(Exception):
    """Raised inside the trainer: while it waits for the device, or where a snapshot finds no room."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason.name)
        self.reason = reason


def perform_ready_runs() -> int:
    """Train until nothing is queued, one run at a time. The number of runs taken; 0 when this worker trains already."""
    worker, performed = this_worker(), 0
    worker.training_due.set()
    while worker.training_due.is_set() and not worker.closing and worker.training_lock.acquire(blocking=False):
        try:
            # Cleared before the look: a wake-up that comes after it is seen when the lock is free again.
            worker.training_due.clear()
            while not worker.closing and (run := queueing.claim_next_run(worker.name)):
                perform_run(worker, run)
                performed += 1
        finally:
            worker.training_lock.release()
    return performed


def perform_run(worker: WorkerProcess, run: TrainingRun) -> None:
    """One run from claimed to ended or put back. Only our own faults fail it; a shutdown puts it back."""
    structlog.contextvars.bind_contextvars(run=run.code, attempt=run.attempt)
    try:
        with worker.holding_run(run), attempt_folder(run) as folder:
            lifecycle.announce(run, TrainingRun.State.RUNNING)
            runner = TrainingRunner(worker, run, folder)
            reason = runner.follow()
            logger.info("run_stopped", reason=reason.name, step=run.step)
            runner.conclude(reason)
    except (TrainingError, RenderError) as error:
        # A rate that is too high is the owner's: what was downloaded before it broke stays paid.
        lifecycle.fail_run(run, error.code, str(error), by_owner=error.code == NOT_FINITE)
    except StorageAway:
        # It waits again, from where it was last saved; so does this worker, lest it asks without pause.
        logger.warning("run_waits_for_storage")
        lifecycle.release_run(run)
        time.sleep(AWAY_SECONDS)
    except Exception:
        logger.exception("run_broke")
        lifecycle.fail_run(run, "internal-error", "Something broke on our side while training. Your credits are back.")
    finally:
        structlog.contextvars.unbind_contextvars("run", "attempt")
    if run.search_id is not None:
        halving.advance(run.search_id)


@contextmanager
def attempt_folder(run: TrainingRun) -> Iterator[Path]:
    """A folder for this attempt. What killed workers left behind on this machine is removed first."""
    place = settings.DATA_DIR / "training"
    place.mkdir(parents=True, exist_ok=True)
    codes = {folder: folder.name.partition("-")[0] for folder in place.iterdir()}
    in_use = TrainingRun.objects.running().exclude(pk=run.pk).filter(code__in=codes.values())
    busy = set(in_use.values_list("code", flat=True))
    for folder, code in codes.items():
        if code not in busy:
            shutil.rmtree(folder, ignore_errors=True)
    with TemporaryDirectory(prefix=f"{run.code}-", dir=place, ignore_cleanup_errors=True) as name:
        yield Path(name)


class TrainingRunner:
    """Follows one run's trainer in this worker. `choice` is the snapshot that the trainer selects at its end."""

    def __init__(self, worker: WorkerProcess, run: TrainingRun, folder: Path) -> None:
        self.worker = worker
        self.run = run
        self.folder = folder
        self.state_sync = StateSync(run, folder / "training")
        self.curve = LossCurve(run.points)
        self.choice: Finished | None = None
        self._seconds_left: float | None = None
        self._rows_at = self._events_at = 0.0

    def follow(self) -> StopReason:
        """Train until the end or until there is a reason to stop; what was learned by then is saved."""
        if reason := self._reason_to_stop():
            return reason
        try:
            reason = self._train()
        except TrainingStopped as stopped:
            reason = stopped.reason
        if reason != StopReason.LOST and not (self._write_progress() and self.state_sync.save()):
            return StopReason.LOST
        return reason

    def conclude(self, reason: StopReason) -> None:
        """Write what follows from the reason: the run ends, rests or waits again."""
        match reason:
            case StopReason.FINISHED if self.run.search_id is None:
                if self.choice is not None:
                    lifecycle.finish_run(self.run, self.choice.best_step, self.choice.reason)
            case StopReason.FINISHED | StopReason.PAUSED | StopReason.AT_RUNG:
                # In a search a run that has finished waits for the others.
                lifecycle.rest_run(self.run)
            case StopReason.DRAINED:
                lifecycle.release_run(self.run)
            case StopReason.STORAGE_FULL:
                self._end_for_full_storage()
            case StopReason.LOST:
                pass  # It is another worker's, or has ended: nothing of it is this attempt's to write.

    def _train(self) -> StopReason:
        self.state_sync.restore()
        training = train(
            self.run.recipe,
            CatalogWeights().checkpoint(self.run.checkpoint_sha256),
            list(self._pictures()),
            self.state_sync.folder,
            time_slice=lambda: self.worker.renderer.time_slice(self._check_while_waiting),
            device=self.worker.renderer.device,
            rest_at=self.run.stop_at,
            enough=lambda: self.worker.requested_action == Action.STOP,
        )
        # Closing it, however the loop is left, saves the step it is at.
        with closing(training) as trainer_events:
            for event in trainer_events:
                self._handle(event)
                if reason := self._reason_to_stop():
                    return reason
        return StopReason.FINISHED

    def _pictures(self) -> Iterator[TrainingPicture]:
        """The pictures as they were at submission, fetched into this attempt's folder."""
        folder = self.folder / "pictures"
        folder.mkdir()
        for entry in self.run.pictures:
            path = folder / f"{entry.code}{Path(entry.file).suffix}"
            path.write_bytes(storage_files.read(entry.file))
            yield TrainingPicture(entry.name, path, entry.caption, entry.held_out, entry.crop, entry.focus)

    def _check_while_waiting(self) -> None:
        """Called while the device draws pictures: stop at once when the run is lost or the worker shuts down.

        A pause waits, since nothing is learned meanwhile; a stop waits, since a measurement comes before it.
        """
        if (reason := self._reason_to_stop()) and reason in (StopReason.LOST, StopReason.DRAINED):
            raise TrainingStopped(reason)

    def _reason_to_stop(self) -> StopReason | None:
        action = self.worker.requested_action
        if action is None:
            return StopReason.LOST
        if self.worker.closing:
            return StopReason.DRAINED
        if action == Action.PAUSE:
            return StopReason.PAUSED
        stop_at = self.run.stop_at
        return StopReason.AT_RUNG if stop_at is not None and stop_at <= self.run.step < self.run.steps else None

    def _handle(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Measured):
            self._measured(event)
        else:
            self.choice = event
        if not self.state_sync.save():
            self.worker.requested_action = None

    def _progress(self, event: Progress) -> None:
        self.run.step, self._seconds_left = event.step, event.seconds_left
        self.curve.add(event.step, event.loss, event.validation_loss)
        now = time.monotonic()
        if now >= self._events_at or event.validation_loss is not None:
            self._events_at = now + EVENTS_EVERY_SECONDS
            progress = events.RunProgress(
                event.step, event.steps, event.loss, event.validation_loss, event.seconds_left, self.run.state
            )
            events.publish_run(self.run.code, progress)
        if now >= self._rows_at:
            self._rows_at = now + ROWS_EVERY_SECONDS
            self._write_progress()

    def _write_progress(self) -> bool:
        action = lifecycle.record_progress(self.run, self.run.step, self._seconds_left, self.curve.points)
        self.worker.requested_action = action
        return action is not None

    def _measured(self, event: Measured) -> None:
        """Save the snapshot, unless the trainer repeats it and it is saved already."""
        stored = self.state_sync.stored_name(event.file)
        known = self.run.snapshots.filter(step=event.step).first()
        if known is not None and known.file == stored:
            return
        data = event.file.read_bytes()
        self._check_room(len(data))
        samples = [
            files.store(self.run, f"{event.step}-{number}.webp", sign(encode_image(pixels, "webp"), "webp"))
            for number, pixels in enumerate(event.samples)
        ]
        fields = lifecycle.SnapshotFields(
            step=event.step,
            file=stored or files.store(self.run, f"{event.step}.safetensors", data),
            sha256=hashlib.sha256(data).hexdigest(),
            size_bytes=len(data),
            samples=samples,
            training_loss=event.training_loss,
            validation_loss=event.validation_loss,
            similarity_training=event.similarity_training,
            similarity_validation=event.similarity_validation,
            closest=event.closest,
            memorised=list(event.memorised),
        )
        if not lifecycle.save_snapshot(self.run, fields):
            storage_files.discard(*samples)
            self.worker.requested_action = None
        elif known is not None:
            files.discard_unused(self.run.code, [known.file, *known.samples])

    def _check_room(self, more_bytes: int) -> None:
        """Without room the training stops: later snapshots could not be saved either, and would be paid for."""
        try:
            check_room(self.run.owner, more_bytes)
        except QuotaExceeded:
            raise TrainingStopped(StopReason.STORAGE_FULL) from None

    def _end_for_full_storage(self) -> None:
        """The best snapshot so far becomes the LoRA. A run of a search fails: it is a candidate less."""
        if self.run.search_id is None and self.run.snapshots.filter(step__gt=0).exists():
            choice = best_so_far(self.run)
            sentence = f"{choice.reason} It ended at step {self.run.step}, since your storage is full."
            lifecycle.finish_run(self.run, choice.step, sentence)
        else:
            # Its owner filled it, perhaps on purpose: what was downloaded before stays paid.
            cost = lifecycle.discard_cost(self.run)
            paid = f"it cost {cost}, for what you downloaded" if cost else "it cost nothing"
            sentence = f"Your storage has no room for its snapshots. Delete something, then train again; {paid}."
            lifecycle.fail_run(self.run, "storage-full", sentence, by_owner=True)
