"""Successive halving over the runs of a search: every run pauses at the rung, the worse half is pruned, the rest goes
on, and the best of the last becomes a LoRA. `advance` may be called by anybody, any number of times.

Beginning, cancelling and deleting a search is `submission`'s; it sends no wake-up: whoever advances does, or upkeep.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models.functions import Now

from accounts import credits
from generation.models import TrainingRun, TrainingSearch
from generation.models.training import TrainingRunQuerySet
from generation.recipes.halving import survivors
from generation.training.runs import lifecycle
from generation.training.runs.selection import best_so_far

State = TrainingSearch.State


def advance(search_id: int) -> None:
    """Take the search as far as its runs allow: prune the worse half at a rung, or promote the best at the end."""
    with transaction.atomic():
        search = TrainingSearch.objects.running().select_for_update().filter(pk=search_id).first()
        if search is None:
            return
        going_on = list(_halve(search))
    if not going_on:
        _promote(search)


def _halve(search: TrainingSearch) -> Iterator[TrainingRun]:
    """The runs that go on from here; none while some are still on their way, or when the end is reached."""
    living = living_of(search)
    while living and all(_has_arrived(run) for run in living) and (following := _next_rung(search, living[0])):
        best = survivors({run.pk: best_validation(run) for run in living})
        _prune(run for run in living if run.pk not in best)
        living = [run for run in living if run.pk in best]
        rows_of(living).update(stop_at=following)
        for run in living:
            run.stop_at = following
        unfinished = [run for run in living if not _has_arrived(run)]
        rows_of(unfinished).put_back(state=TrainingRun.State.QUEUED)
        for run in unfinished:
            lifecycle.announce(run, TrainingRun.State.QUEUED)
            yield run


def living_of(search: TrainingSearch) -> list[TrainingRun]:
    return list(TrainingRun.objects.unfinished().filter(search=search).order_by("pk"))


def rows_of(runs: Iterable[TrainingRun]) -> TrainingRunQuerySet:
    return TrainingRun.objects.filter(pk__in=[run.pk for run in runs])


def _has_arrived(run: TrainingRun) -> bool:
    """It rests at its rung, or at its own end before that."""
    return run.state == TrainingRun.State.PAUSED and run.step >= min(run.stop_at or run.steps, run.steps)


def _next_rung(search: TrainingSearch, run: TrainingRun) -> int | None:
    return next((rung for rung in search.rungs if rung > (run.stop_at or run.steps)), None)


def _prune(runs: Iterable[TrainingRun]) -> None:
    for run in runs:
        sentence = f"Others of the search learned better; this one was ended at step {run.step}."
        rows, state = rows_of([run]).unfinished(), TrainingRun.State.CANCELLED
        with transaction.atomic():
            if lifecycle.end_unpaid(run, rows, state, "", code=lifecycle.PRUNED, message=sentence):
                # Pruned weights are of no use; curve, measurements and samples stay to show why they were pruned.
                # The files are swept on commit, as at every end of a run.
                run.snapshots.update(file="", size_bytes=0)


def best_validation(run: TrainingRun) -> float | None:
    """The least validation loss of the run so far; what was measured before the first step says nothing of it."""
    return min((loss for step, _, loss in run.points if step > 0 and loss is not None), default=None)


def _promote(search: TrainingSearch) -> None:
    """Once all living runs rest at the last rung: the best becomes a LoRA, and the search is over and paid."""
    living = living_of(search)
    if any(not _has_arrived(run) or _next_rung(search, run) for run in living):
        return
    for run in sorted(living, key=lambda run: (best_validation(run) is None, best_validation(run) or 0.0))[:1]:
        choice = best_so_far(run)
        lifecycle.finish_run(run, choice.step, choice.reason, rows_of([run]).unfinished())
        _prune(other for other in living if other.pk != run.pk)
    close(search, State.DONE)


def close(search: TrainingSearch, state: State) -> bool:
    """End the search and settle for what its runs did."""
    with transaction.atomic():
        running = TrainingSearch.objects.running().filter(pk=search.pk)
        ended = bool(running.update(state=state, finished_at=Now()))
        if ended:
            charge(search, f"Search {search.name}")
            search.state = state
    return ended


def charge(search: TrainingSearch, note: str) -> None:
    """Settle for what its runs did; the rest returns."""
    credits.settle(search.reference, cost_so_far(search), note=note)


def spent_on(search: TrainingSearch) -> int:
    """What it has cost: by its runs while it goes on, then by the ledger, since its runs may be deleted."""
    return cost_so_far(search) if search.state == State.RUNNING else credits.spent(search.reference)


def cost_so_far(search: TrainingSearch) -> int:
    """Credits for the steps of all runs that brought a result, and for what was downloaded of others."""
    return min(search.credits, sum(map(cost_of_candidate, search.runs.prefetch_related("snapshots"))))


def cost_of_candidate(run: TrainingRun) -> int:
    if run.state == TrainingRun.State.DONE or run.error_code == lifecycle.PRUNED:
        return lifecycle.cost_so_far(run)
    return lifecycle.discard_cost(run)
