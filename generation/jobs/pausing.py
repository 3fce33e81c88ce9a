"""What an operator holds back: drawing on the whole site, or on one worker. Workers read it from rows as they claim."""

from __future__ import annotations

from django.db import transaction

from generation.jobs import upkeep
from generation.messages import wakeups
from generation.models import GpuWorker, SiteState


def save_state(state: SiteState) -> None:
    """Keep what the operator says of the site. Where drawing goes on, workers are woken for what waits."""
    was_paused = SiteState.objects.is_paused()
    state.save()
    SiteState.objects.forget()
    if was_paused and not state.is_paused:
        transaction.on_commit(wake_all)


def drain(worker: GpuWorker, is_draining: bool) -> bool:
    """Have a worker end what it holds and take nothing more, or take work again; False when it was told so before.

    Its training goes back into the queue at its next step, with all that it learned. A worker that is started again
    takes work: what is drained is a process.
    """
    changed = GpuWorker.objects.filter(pk=worker.pk, is_draining=not is_draining).update(is_draining=is_draining)
    if changed:
        transaction.on_commit(wake_all)
    return bool(changed)


def wake_all() -> None:
    """Send wake-ups as for workers that have just started: those sent before may have been in vain."""
    workers = list(GpuWorker.objects.at_work())
    upkeep.wake_for(sum(worker.slots for worker in workers))
    for _ in workers:
        wakeups.send(wakeups.Task.RUN_NEXT_TRAINING)
        wakeups.send(wakeups.Task.MERGE_LORAS)
