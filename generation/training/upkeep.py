"""What keeps runs true without being asked: expired leases, lost wake-ups, searches left standing, files nobody uses.

Any number may run at once. Jobs have their own, `jobs.upkeep`.
"""

from __future__ import annotations

import structlog
from django.db import transaction
from django.db.models.functions import Now

from generation.messages import wakeups
from generation.models import TrainingRun, TrainingSearch
from generation.storage import files as storage_files
from generation.training.runs import files, lifecycle
from generation.training.runs.selection import best_so_far
from generation.training.searches import halving

logger = structlog.get_logger(__name__)

State, Action = TrainingRun.State, TrainingRun.Action

MOST_RESUMES = 3
"""So often a run goes on from one saved state. More than for a job: a training holds its worker for hours, in which
that may die of much else, and what is lost is hours too."""


def recover() -> dict[str, int]:
    """Requeue what a dead worker held, advance the searches, and send the wake-ups that are missing."""
    requeued = requeue_expired_runs()
    for search_id in TrainingSearch.objects.running().values_list("pk", flat=True):
        halving.advance(search_id)
    return {"runs_requeued": requeued, "runs_announced": resend_unannounced_runs()}


def requeue_expired_runs() -> int:
    """Runs whose worker went silent go on from their last state; one that does not get on by it at last fails."""
    requeued = 0
    for run in TrainingRun.objects.running().expired():
        with transaction.atomic():
            # Locked and looked at again, so that two who recover at once do not both count one crash.
            locked = TrainingRun.objects.held(run).expired().select_for_update().first()
            if locked is not None:
                requeued += _requeue_or_give_up(locked)
    return requeued


def _requeue_or_give_up(run: TrainingRun) -> bool:
    """True when it waits again."""
    run.solo_crash_count += 1
    rows = TrainingRun.objects.filter(pk=run.pk)
    rows.update(solo_crash_count=run.solo_crash_count)
    if run.solo_crash_count > MOST_RESUMES:
        sentence = "The worker stopped again and again on this training, so it was given up. Your credits are back."
        lifecycle.end_unpaid(
            run, rows, State.FAILED, "Given up after repeated worker loss", code="worker-lost", message=sentence
        )
        logger.error("run_given_up", run=run.code, attempt=run.attempt)
        return False
    rests = run.requested_action == Action.PAUSE
    state = State.PAUSED if rests else State.QUEUED
    rows.put_back(state=state, worker="", requested_action=Action.NONE if rests else run.requested_action)
    lifecycle.announce(run, state)
    logger.warning("run_lease_expired", run=run.code, step=run.step)
    return not rests


def resend_unannounced_runs() -> int:
    """One wake-up when a queued run's is missing or old: a worker trains until nothing is queued."""
    return TrainingRun.objects.queued().resend(lambda waiting: wakeups.send(wakeups.Task.RUN_NEXT_TRAINING))


def prune() -> dict[str, int]:
    """End what is paused for too long, and sweep files that no run uses."""
    ended = end_forgotten_runs()
    swept = list(files.orphans())
    storage_files.discard(*swept)
    return {"runs_ended": ended, "run_files": len(swept)}


def end_forgotten_runs() -> int:
    """A paused run keeps its data set from being deleted in time, so it ends then, with its best snapshot so far."""
    resting = TrainingRun.objects.filter(state=State.PAUSED, search=None)
    ended = 0
    for run in resting.filter(dataset__expires_at__lt=Now()):
        row = TrainingRun.objects.filter(pk=run.pk, state=State.PAUSED)
        if run.snapshots.filter(step__gt=0).exists():
            choice = best_so_far(run)
            ended += lifecycle.finish_run(run, choice.step, choice.reason, row) is not None
        else:
            sentence = "The days of the data set were over before there was a snapshot. Your credits are back."
            note = f"Forgotten: {run.name}"
            ended += lifecycle.end_unpaid(run, row, State.CANCELLED, note, code="forgotten", message=sentence)
    return ended
