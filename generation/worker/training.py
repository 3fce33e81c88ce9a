"""The worker's side of a training: fetch the pictures, follow the trainer, keep what it makes, do as its owner asked.

Pictures are `drawing`'s.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
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
from generation.storage.quota import check_room
from generation.training.runs import files, lifecycle, queueing
from generation.training.runs.curve import Curve
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


class Ending(Enum):
    """How a worker parts from a run."""

    FINISHED = auto()
    PAUSED = auto()
    AT_RUNG = auto()
    DRAINED = auto()
    FULL = auto()
    LOST = auto()


class Left(Exception):
    """The run is left in the midst of it: while it waits for the device, or where a snapshot finds no room."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.name)
        self.ending = ending


def perform_ready_runs() -> int:
    """Train until nothing is queued, one run at a time. The number taken up; 0 when this worker trains already."""
    worker, performed = this_worker(), 0
    worker.woken.set()
    while worker.woken.is_set() and not worker.closing and worker.training.acquire(blocking=False):
        try:
            # Cleared before the look: a wake-up that comes after it is seen when the lock is free again.
            worker.woken.clear()
            while not worker.closing and (run := queueing.claim_next_run(worker.name)):
                perform_run(worker, run)
                performed += 1
        finally:
            worker.training.release()
    return performed


def perform_run(worker: WorkerProcess, run: TrainingRun) -> None:
    """One run from claimed to put down. Only our own faults fail it; a shutdown puts it back."""
    structlog.contextvars.bind_contextvars(run=run.code, attempt=run.attempt)
    try:
        with worker.teaching(run), workroom(run) as room:
            lifecycle.announce(run, TrainingRun.State.RUNNING)
            runner = TrainingRunner(worker, run, room)
            ending = runner.follow()
            logger.info("run_left", ending=ending.name, step=run.step)
            PARTINGS[ending](runner)
    except (TrainingError, RenderError) as error:
        lifecycle.fail_run(run, error.code, str(error))
    except Exception:
        logger.exception("run_broke")
        lifecycle.fail_run(run, "internal-error", "Something broke on our side while training. Your credits are back.")
    finally:
        structlog.contextvars.unbind_contextvars("run", "attempt")
    if run.search_id is not None:
        halving.advance(run.search_id)


@contextmanager
def workroom(run: TrainingRun) -> Iterator[Path]:
    """A folder for this attempt. What killed workers left behind on this machine goes first."""
    place = settings.DATA_DIR / "training"
    place.mkdir(parents=True, exist_ok=True)
    rooms = {room: room.name.partition("-")[0] for room in place.iterdir()}
    in_use = TrainingRun.objects.running().exclude(pk=run.pk).filter(code__in=rooms.values())
    busy = set(in_use.values_list("code", flat=True))
    for room, code in rooms.items():
        if code not in busy:
            shutil.rmtree(room, ignore_errors=True)
    with TemporaryDirectory(prefix=f"{run.code}-", dir=place, ignore_cleanup_errors=True) as name:
        yield Path(name)


class TrainingRunner:
    """Follows one run's trainer in this worker. `choice` is what the trainer proposes once it has finished."""

    def __init__(self, worker: WorkerProcess, run: TrainingRun, room: Path) -> None:
        self.worker = worker
        self.run = run
        self.room = room
        self.state_sync = StateSync(run, room / "training")
        self.curve = Curve((step, loss, validation) for step, loss, validation in run.curve)
        self.choice: Finished | None = None
        self._seconds_left = 0.0
        self._rows_at = self._events_at = 0.0

    def follow(self) -> Ending:
        """Train until the end or until there is a reason to leave; what was learned by then is kept."""
        if run_ending := self._reason_to_leave():
            return run_ending
        try:
            ending = self._train()
        except Left as left:
            ending = left.ending
        if ending != Ending.LOST and not (self._write_progress() and self.state_sync.keep()):
            return Ending.LOST
        return ending

    def _train(self) -> Ending:
        self.state_sync.restore()
        training = train(
            self.run.recipe,
            CatalogWeights().checkpoint(self.run.checkpoint_sha256),
            list(self._pictures()),
            self.state_sync.folder,
            turn=self._turn,
            device=self.worker.renderer.device,
            rest_at=self.run.stop_at,
            enough=lambda: self.worker.requested_action == Action.STOP,
        )
        # Closing it, however this is left, saves the step it is at.
        with closing(training) as told:
            for event in told:
                self._handle(event)
                if ending := self._reason_to_leave():
                    return ending
        return Ending.FINISHED

    def _pictures(self) -> Iterator[TrainingPicture]:
        """The pictures as they were at submission, fetched into the workroom."""
        folder = self.room / "pictures"
        folder.mkdir()
        for entry in self.run.manifest:
            path = folder / f"{entry['code']}{Path(entry['file']).suffix}"
            path.write_bytes(storage_files.read(entry["file"]))
            crop = tuple(entry["crop"]) if entry["crop"] else None
            # A run from before pictures had a focus does not tell one.
            focus = tuple(entry["focus"]) if entry.get("focus") else None
            yield TrainingPicture(entry["name"], path, entry["caption"], entry["held_out"], crop, focus)

    def _turn(self) -> AbstractContextManager[None]:
        return self.worker.renderer.spare_turn(self._look_up)

    def _look_up(self) -> None:
        """While pictures are drawn: leave at once for what cannot wait. A pause can; nothing is learned meanwhile.

        A stop must: what was learned is measured before it is kept.
        """
        if (ending := self._reason_to_leave()) and ending in (Ending.LOST, Ending.DRAINED):
            raise Left(ending)

    def _reason_to_leave(self) -> Ending | None:
        action = self.worker.requested_action
        if action is None:
            return Ending.LOST
        if self.worker.closing:
            return Ending.DRAINED
        if action == Action.PAUSE:
            return Ending.PAUSED
        stop_at = self.run.stop_at
        return Ending.AT_RUNG if stop_at is not None and stop_at <= self.run.step < self.run.steps else None

    def _handle(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Measured):
            self._measured(event)
        else:
            self.choice = event
        if not self.state_sync.keep():
            self.worker.requested_action = None

    def _progress(self, event: Progress) -> None:
        self.run.step, self._seconds_left = event.step, event.seconds_left
        self.curve.add(event.step, event.loss, event.validation_loss)
        now = time.monotonic()
        if now >= self._events_at or event.validation_loss is not None:
            self._events_at = now + EVENTS_EVERY_SECONDS
            events.publish_run(self.run.code, _told(event, self.run.state))
        if now >= self._rows_at:
            self._rows_at = now + ROWS_EVERY_SECONDS
            self._write_progress()

    def _write_progress(self) -> bool:
        action = lifecycle.record_progress(self.run, self.run.step, self._seconds_left, self.curve.points)
        self.worker.requested_action = action
        return action is not None

    def _measured(self, event: Measured) -> None:
        """Keep the snapshot, unless it was told once more and is kept already."""
        stored = self.state_sync.stored(event.file)
        known = self.run.snapshots.filter(step=event.step).first()
        if known is not None and known.file == stored:
            return
        data = event.file.read_bytes()
        self._check_room(len(data))
        samples = [
            files.keep(self.run, f"{event.step}-{number}.webp", encode_image(pixels, "webp"))
            for number, pixels in enumerate(event.samples)
        ]
        fields = lifecycle.SnapshotFields(
            step=event.step,
            file=stored or files.keep(self.run, f"{event.step}.safetensors", data),
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
        if not lifecycle.keep_snapshot(self.run, fields):
            storage_files.discard(*samples)
            self.worker.requested_action = None
        elif known is not None:
            files.discard_unused(self.run.code, [known.file, *known.samples])

    def _check_room(self, more_bytes: int) -> None:
        """Later snapshots could not be kept either, so what more it learned would be paid for and lost: it ends."""
        try:
            check_room(self.run.owner, more_bytes)
        except QuotaExceeded:
            raise Left(Ending.FULL) from None

    def finish(self) -> None:
        """The trainer is through, or its owner has seen enough: keep what it proposes. In a search the run waits."""
        if self.run.search_id is not None:
            lifecycle.rest_run(self.run)
        elif self.choice is not None:
            lifecycle.finish_run(self.run, self.choice.best_step, self.choice.reason)

    def end_full(self) -> None:
        """The owner's storage has no room: keep the best so far. Of a search it is a candidate less."""
        if self.run.search_id is None and self.run.snapshots.filter(step__gt=0).exists():
            choice = best_so_far(self.run)
            sentence = f"{choice.reason} It ended at step {self.run.step}, since your storage is full."
            lifecycle.finish_run(self.run, choice.step, sentence)
        else:
            sentence = (
                "Your storage has no room for its snapshots. Delete something, then train again; it cost nothing."
            )
            lifecycle.fail_run(self.run, "storage-full", sentence)

    def rest(self) -> None:
        lifecycle.rest_run(self.run)

    def put_back(self) -> None:
        lifecycle.release_run(self.run)

    def let_go(self) -> None:
        """Somebody else's now: nothing of it is ours to write."""
        logger.info("run_lost")


PARTINGS: dict[Ending, Callable[[TrainingRunner], None]] = {
    Ending.FINISHED: TrainingRunner.finish,
    Ending.PAUSED: TrainingRunner.rest,
    Ending.AT_RUNG: TrainingRunner.rest,
    Ending.DRAINED: TrainingRunner.put_back,
    Ending.FULL: TrainingRunner.end_full,
    Ending.LOST: TrainingRunner.let_go,
}


def _told(event: Progress, state: str) -> events.RunProgress:
    return events.RunProgress(event.step, event.steps, event.loss, event.validation_loss, event.seconds_left, state)
