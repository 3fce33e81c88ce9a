"""The owner's verbs on a run: pause, resume, stop and keep, discard; and delete, once it has ended.

A run that waits or is paused changes at once; for a running one `requested_action` is set, which the worker reads about
every second. Only discarding does not wait for the worker.
"""

from __future__ import annotations

from django.db import transaction

from accounts.refusals import Conflict
from generation.models import TrainingRun, TrainingSearch
from generation.models.training import TrainingRunQuerySet
from generation.training.runs import files, lifecycle
from generation.training.runs.queueing import remember_place
from generation.training.runs.selection import best_so_far
from generation.training.runs.submission import announce_run

State, Action = TrainingRun.State, TrainingRun.Action


def pause_run(run: TrainingRun) -> None:
    """Pause it where it is. Raises Conflict when it has ended or is paused already."""
    _not_of_a_search(run)
    if _row(run).queued().update(state=State.PAUSED):
        lifecycle.announce(run, State.PAUSED)
    elif not _row(run).running().update(requested_action=Action.PAUSE):
        raise Conflict("not-running", "This training does not run; there is nothing to pause.")


def resume_run(run: TrainingRun) -> None:
    """Go on where it was paused, or take back a request that was not yet handled. Raises Conflict otherwise."""
    _not_of_a_search(run)
    if _row(run).filter(state=State.PAUSED).put_back(state=State.QUEUED, requested_action=Action.NONE):
        lifecycle.announce(run, State.QUEUED)
        transaction.on_commit(lambda: announce_run(run))
    elif not _row(run).running().exclude(requested_action=Action.NONE).update(requested_action=Action.NONE):
        raise Conflict("not-paused", "This training is not paused.")


def stop_run(run: TrainingRun) -> None:
    """End it and keep the best of what was learned as the LoRA; the steps that were not done are not charged.

    A worker measures where it stands first, so one that is paused after its last snapshot goes back to the queue.
    Raises Conflict when it has ended, or has learned nothing yet.
    """
    _not_of_a_search(run)
    measured = run.snapshots.filter(step__gt=0).order_by("-step").first()
    if measured is None and not run.step:
        raise Conflict("nothing-to-keep", "Nothing has been learned yet. Wait for the first steps, or discard it.")
    if _row(run).running().update(requested_action=Action.STOP):
        return
    resting = _row(run).filter(state__in=[State.QUEUED, State.PAUSED])
    if measured is None or measured.step < run.step:
        if not resting.put_back(state=State.QUEUED, requested_action=Action.STOP):
            raise Conflict("already-ended", "This training has already ended.")
        lifecycle.announce(run, State.QUEUED)
        transaction.on_commit(lambda: announce_run(run))
        return
    choice = best_so_far(run)
    if lifecycle.finish_run(run, choice.step, choice.reason, resting) is None:
        raise Conflict("already-ended", "This training has already ended.")


def discard_run(run: TrainingRun) -> None:
    """End it and remove all that it made. Raises Conflict when it has ended.

    The credits return, but for the steps up to the last snapshot that its owner has downloaded.
    """
    with transaction.atomic():
        if not lifecycle.end_by_owner(run, _row(run).unfinished(), State.CANCELLED, f"Discarded: {run.name}"):
            raise Conflict("already-ended", "This training has already ended.")
        # Its files go with the sweep that every end brings.
        run.snapshots.all().delete()


def delete_run(run: TrainingRun) -> None:
    """Remove an ended run with its curve, snapshots and samples; the LoRA that came of it stays. Conflict before that.

    A candidate stays as long as its search goes on, which is charged by what its runs did.
    """
    _not_of_a_search(run)
    with transaction.atomic():
        ended = _row(run).exclude(state__in=TrainingRun.UNFINISHED)
        if not ended.exists():
            raise Conflict("not-ended", "This training has not ended. Stop or discard it first.")
        remember_place(run)
        ended.delete()
        # Rows first: a row without its file would be shown, a file without its row is only swept.
        transaction.on_commit(lambda: files.sweep(run.code))


def _row(run: TrainingRun) -> TrainingRunQuerySet:
    return TrainingRun.objects.filter(pk=run.pk)


def _not_of_a_search(run: TrainingRun) -> None:
    if run.search_id is not None and TrainingSearch.objects.running().filter(pk=run.search_id).exists():
        raise Conflict("in-a-search", "A search decides when this training runs. Cancel the search, or wait for it.")
