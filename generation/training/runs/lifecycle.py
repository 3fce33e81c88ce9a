"""What a worker writes of the run that it holds, and every way a run ends. How one starts is `queueing`'s.

Each write is one conditional update under the attempt's fence, so a late worker changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import structlog
from django.db import transaction
from django.db.models.functions import Coalesce, Now

from accounts import credits
from generation.messages import events
from generation.messages.counters import counters
from generation.models import Lora, Snapshot, TrainingRun
from generation.models.training import CurvePoint, TrainingRunQuerySet
from generation.training.runs import files
from generation.training.runs.queueing import requested_action_of
from generation.training.runs.result import create_lora, write_lora_file

logger = structlog.get_logger(__name__)

State = TrainingRun.State

PRUNED = "outdone"
"""The error code of a run that a search dropped for better ones."""


@dataclass(frozen=True, slots=True)
class SnapshotFields:
    """What was measured at one step, and the stored names of its files."""

    step: int
    file: str
    sha256: str
    size_bytes: int
    samples: list[str]
    training_loss: float | None = None
    validation_loss: float | None = None
    similarity_training: float | None = None
    similarity_validation: float | None = None
    closest: int | None = None
    memorised: list[tuple[int, str]] = field(default_factory=list)


def record_progress(run: TrainingRun, step: int, seconds_left: float | None, curve: list[CurvePoint]) -> str | None:
    """Write how far the run is; what its owner asked for comes back, or None when it is no longer this attempt's."""
    if not TrainingRun.objects.held(run).update(step=step, seconds_left=seconds_left, curve=curve):
        return None
    run.step = step
    return requested_action_of(run)


def save_state(run: TrainingRun, stored: dict[str, str]) -> bool:
    """From now on another worker goes on from these files. The run got on, so earlier crashes say nothing of it."""
    saved = bool(TrainingRun.objects.held(run).update(state_files=stored, solo_crash_count=0))
    if saved:
        run.state_files = stored
    return saved


def save_snapshot(run: TrainingRun, fields: SnapshotFields) -> bool:
    """Write or write anew the snapshot of one step. False when the run is no longer this attempt's."""
    values = {name: getattr(fields, name) for name in fields.__slots__ if name != "step"}
    with transaction.atomic():
        # The row is locked, so that the run cannot end between the look and the write.
        if TrainingRun.objects.held(run).select_for_update().first() is None:
            return False
        Snapshot.objects.update_or_create(run=run, step=fields.step, defaults=values)
    events.publish_run(run.code, events.RunSnapshot(fields.step))
    return True


def release_run(run: TrainingRun) -> bool:
    """Put a running run back into the queue, for a worker that stops. Its place is kept."""
    return _end_attempt(run, State.QUEUED)


def rest_run(run: TrainingRun) -> bool:
    """Pause a running run: as its owner asks, or where a search compares."""
    return _end_attempt(run, State.PAUSED)


def _end_attempt(run: TrainingRun, state: State) -> bool:
    action = run.requested_action if state == State.QUEUED else TrainingRun.Action.NONE
    rows = TrainingRun.objects.held(run)
    ended = bool(rows.put_back(state=state, worker="", seconds_left=None, requested_action=action))
    if ended:
        announce(run, state)
    return ended


def finish_run(run: TrainingRun, step: int, reason: str, rows: TrainingRunQuerySet | None = None) -> Lora | None:
    """End the run as done and charge for the steps that it did: the snapshot of `step` is its owner's private LoRA.

    None when the run is not among `rows` any more; they are by default what this attempt holds. Raises
    Snapshot.DoesNotExist and the storage's own errors.
    """
    rows = TrainingRun.objects.held(run) if rows is None else rows
    trained = write_lora_file(run, Snapshot.objects.get(run=run, step=step))
    with transaction.atomic():
        if not _end(rows, State.DONE, best_step=step, best_reason=reason[:300], seconds_left=None):
            return None
        lora = create_lora(run, trained)
        TrainingRun.objects.filter(pk=run.pk).update(lora=lora)
        charge(run, f"Trained: {run.name}")
    after_end(run, State.DONE)
    return lora


def fail_run(run: TrainingRun, code: str, message: str, *, by_owner: bool = False) -> bool:
    """End a running run as failed and give the credits back; by our fault, or by something that its owner did."""
    rows, note = TrainingRun.objects.held(run), f"Failed: {run.name}"
    if by_owner:
        ended = end_by_owner(run, rows, State.FAILED, note, error_code=code, error_message=message[:300])
    else:
        ended = end_unpaid(run, rows, State.FAILED, note, code=code, message=message)
    if ended:
        logger.warning("run_failed", run=run.code, code=code, message=message)
    return ended


def end_unpaid(
    run: TrainingRun, rows: TrainingRunQuerySet, state: State, note: str, *, code: str = "", message: str = ""
) -> bool:
    """End the run, if it is still among `rows`, without a LoRA and by no act of its owner; the whole hold returns."""
    with transaction.atomic():
        ended = _end(rows, state, error_code=code, error_message=message[:300], seconds_left=None)
        if ended:
            credits.release(run.reference, note=note)
    if ended:
        after_end(run, state)
    return ended


def end_by_owner(run: TrainingRun, rows: TrainingRunQuerySet, state: State, note: str, **error: str) -> bool:
    """End the run, if it is still among `rows`, without a LoRA: what was handed out of it is paid, the rest returns.

    Nothing of it is handed out any more, since nobody would pay for it.
    """
    with transaction.atomic():
        hold_still(rows)
        cost = discard_cost(run)
        if not _end(rows, state, discard_cost=cost, seconds_left=None, **error):
            return False
        if cost:
            credits.settle(run.reference, cost, note=note)
        else:
            credits.release(run.reference, note=note)
        run.snapshots.update(file="", size_bytes=0)
    after_end(run, state)
    return True


def hold_still(rows: TrainingRunQuerySet) -> list[TrainingRun]:
    """The runs, which until the transaction ends do not get on, and of which no file is handed out meanwhile."""
    runs = list(rows.order_by("pk").select_for_update())
    list(Snapshot.objects.filter(run__in=runs).order_by("pk").select_for_update().values_list("pk"))
    return runs


def hand_out(snapshot: Snapshot) -> bool:
    """Note that its owner gets the file, so that its steps are paid whatever becomes of the run. False without one."""
    rows = Snapshot.objects.filter(pk=snapshot.pk).exclude(file="")
    return bool(rows.update(downloaded_at=Coalesce("downloaded_at", Now())))


def discard_cost(run: TrainingRun) -> int:
    """Credits that are kept when the run is discarded: for the steps up to the last snapshot that was downloaded."""
    if not run.is_unfinished:
        return run.discard_cost
    return _cost(run, max((each.step for each in run.snapshots.all() if each.downloaded_at), default=0))


def charge(run: TrainingRun, note: str) -> None:
    """Settle for the steps done; the rest returns.

    A run of a search holds nothing of its own: its search pays (see `searches.halving`).
    """
    credits.settle(run.reference, cost_so_far(run), note=note)


def cost_so_far(run: TrainingRun) -> int:
    """Credits for the steps done, of the credits for all of them."""
    return _cost(run, run.step)


def _cost(run: TrainingRun, step: int) -> int:
    return math.ceil(run.credits * min(1.0, step / run.steps))


def _end(rows: TrainingRunQuerySet, state: State, **values: object) -> bool:
    return bool(
        rows.update(
            state=state, finished_at=Now(), lease_until=None, worker="", requested_action="", state_files={}, **values
        )
    )


def after_end(run: TrainingRun, state: State) -> None:
    """What was only kept for going on is removed, and the pages are told."""
    run.state_files = {}
    transaction.on_commit(lambda: counters.add("trainings_ended", state.value))
    transaction.on_commit(lambda: files.sweep(run.code))
    announce(run, state)


def announce(run: TrainingRun, state: State) -> None:
    run.state = state
    transaction.on_commit(lambda: events.publish_run(run.code, events.RunChanged(state)))
