"""Which snapshot of a run becomes its LoRA: the proposal with its reason, and the owner's own choice."""

from __future__ import annotations

from django.db import transaction

from accounts.refusals import Conflict
from generation.models import Lora, TrainingRun
from generation.recipes.choosing import Choice, Losses, choose
from generation.training.runs.result import create_lora, replace_lora, write_lora_file

CHOSEN = "You chose this snapshot."
"""Why it is the LoRA, where its owner said so."""


def best_so_far(run: TrainingRun) -> Choice:
    """The proposal among the snapshots that there are; there is at least one."""
    return choose(
        [
            Losses(snapshot.step, snapshot.training_loss or 0.0, snapshot.validation_loss, len(snapshot.memorised))
            for snapshot in run.snapshots.all()
        ]
    )


def choose_snapshot(run: TrainingRun, step: int) -> Lora:
    """Make another snapshot the LoRA of a finished run. Pictures made with the former one can still be made again."""
    snapshot = run.snapshots.filter(step=step).first()
    if run.state != TrainingRun.State.DONE or snapshot is None:
        raise Conflict("no-such-snapshot", "Only a finished training has snapshots to choose from; this is none of it.")
    if run.lora is not None and run.lora.is_public:
        raise Conflict("published", "This LoRA is published as it is. Withdraw it first.")
    trained = write_lora_file(run, snapshot)
    with transaction.atomic():
        current = TrainingRun.objects.select_for_update().get(pk=run.pk)
        lora = replace_lora(current.lora, run, trained) if current.lora is not None else create_lora(run, trained)
        current.lora = lora
        current.best_step, current.best_reason = step, CHOSEN
        current.save(update_fields=["lora", "best_step", "best_reason"])
    run.refresh_from_db()
    return lora
