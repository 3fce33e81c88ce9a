"""Every way a training run starts: the fairest queued one is claimed under a lease. The queue of jobs is another.

Clocks are the database's. A run's place is its start tag on a clock of the runs' own: the later of the clock and the
end of its owner's last run, so that whoever has trained least comes first.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import Max, Q
from django.db.models.functions import Coalesce, Greatest, Now

from accounts.models import User
from generation.models import QueueShare, SiteState, TrainingRun


def stamp(owner: User, work: float) -> tuple[float, float]:
    """Where the owner's next run starts and ends on the virtual clock. `work` is in credits."""
    gone = QueueShare.objects.aggregate(start=Max("training_start"), end=Max("training_finish", filter=Q(owner=owner)))
    begun = TrainingRun.objects.exclude(started_at=None).aggregate(last=Max("virtual_start"))["last"]
    mine = TrainingRun.objects.of(owner).aggregate(end=Max("virtual_finish"))["end"]
    start = max(tag or 0.0 for tag in (begun, mine, gone["start"], gone["end"]))
    return start, start + work / owner.plan.share


def remember_place(run: TrainingRun) -> None:
    """Keep the tags of a run that is about to be deleted: deleting must neither turn the clock back nor jump the queue.

    Call in the transaction that deletes it.
    """
    QueueShare.objects.get_or_create(owner=run.owner)
    QueueShare.objects.filter(owner=run.owner).update(
        training_start=Greatest("training_start", run.virtual_start if run.started_at else 0.0),
        training_finish=Greatest("training_finish", run.virtual_finish),
    )


def claim_next_run(worker: str) -> TrainingRun | None:
    """Take the fairest queued run for `worker`; None when there is none, the worker trains already, or all is paused.

    Raises the attempt, which fences off every earlier holder.
    """
    with transaction.atomic():
        if SiteState.objects.is_paused() or TrainingRun.objects.running().filter(worker=worker).exists():
            return None
        ready = TrainingRun.objects.queued().only("pk").order_by("virtual_start", "id")
        if connection.features.has_select_for_update_skip_locked:
            ready = ready.select_for_update(skip_locked=True, of=("self",))
        run = ready.first()
        if run is None:
            return None
        rows = TrainingRun.objects.queued().filter(pk=run.pk)
        if not rows.claim(state=TrainingRun.State.RUNNING, worker=worker, started_at=Coalesce("started_at", Now())):
            return None
    claimed: TrainingRun = TrainingRun.objects.select_related("owner", "search").get(pk=run.pk)
    return claimed


def heartbeat(run: TrainingRun) -> str | None:
    """Prolong the lease; what the owner asked for (`TrainingRun.Action`), or None when the run is no longer ours."""
    TrainingRun.objects.held(run).prolong()
    return requested_action_of(run)


def requested_action_of(run: TrainingRun) -> str | None:
    return TrainingRun.objects.held(run).values_list("requested_action", flat=True).first()


def place_of(run: TrainingRun) -> int | None:
    """Place in the queue, from 1, while the run waits."""
    if run.state != TrainingRun.State.QUEUED:
        return None
    queued = TrainingRun.objects.queued()
    before = queued.filter(virtual_start__lt=run.virtual_start)
    return (before | queued.filter(virtual_start=run.virtual_start, pk__lt=run.pk)).count() + 1
