"""Which weight files workers reach, each on its own disks, and which jobs one worker leaves to others for that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from generation.models import GpuWorker, Job

AWAITED_FOR = timedelta(hours=1)
"""So long jobs wait for a silent worker whose files no other reaches: it may come back."""

Hashes = frozenset[str]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What one worker does not reach and others do, or did at their last heartbeat; sha256 throughout.

    What nobody reaches is not among it, so that its jobs come to an end. `checkpoints` are told apart from what is
    `lacking` else (LoRAs, VAEs and so on), since a job's row names its checkpoint. `others`: what each other worker
    lacks in turn. A job is left only to one who lacks nothing of it, or it would be nobody's.
    """

    checkpoints: Hashes = frozenset()
    lacking: Hashes = frozenset()
    others: tuple[Hashes, ...] = ()

    def has(self, job: Job) -> bool:
        """Whether the job is left to others, as `queueing.claim_next` leaves it."""
        needed = hashes_in(job.recipe_json)
        left = not needed.isdisjoint(self.lacking) and any(needed.isdisjoint(lacks) for lacks in self.others)
        return left or job.checkpoint_sha256 in self.checkpoints


def elsewhere_of(worker: GpuWorker) -> Elsewhere:
    """What this one leaves to others."""
    rows = GpuWorker.objects.filter(seen_at__gt=Now() - AWAITED_FOR).exclude(name=worker.name)
    others = list(rows.only("checkpoints", "metrics"))
    if not others:
        return Elsewhere()
    checkpoints = checkpoints_of([worker, *others])
    of_no_other = frozenset.intersection(*(frozenset(other.lacking) for other in others))
    of_nobody = of_no_other.intersection(worker.lacking)
    lacking = frozenset(worker.lacking) - of_no_other
    return Elsewhere(
        checkpoints.difference(worker.checkpoints),
        lacking,
        least(lacks - of_nobody for lacks in lacks_of(others, checkpoints)) if lacking else (),
    )


def checkpoints_of(workers: Iterable[GpuWorker]) -> Hashes:
    """Those that any of them reaches."""
    return frozenset(sha256 for worker in workers for sha256 in worker.checkpoints)


def lacks_of(workers: Iterable[GpuWorker], checkpoints: Hashes) -> tuple[Hashes, ...]:
    """What each of them lacks: of these checkpoints, and of all else."""
    return least(checkpoints.difference(worker.checkpoints).union(worker.lacking) for worker in workers)


def least(sets: Iterable[Hashes]) -> tuple[Hashes, ...]:
    """Without those that hold all of another: who lacks less can draw whatever they can."""
    kept: list[Hashes] = []
    for each in sorted(sets, key=len):
        if not any(other <= each for other in kept):
            kept.append(each)
    return tuple(kept)


def hashes_in(recipe_json: Any) -> set[str]:
    """Every hash that a recipe names, of weights and of pictures."""
    if isinstance(recipe_json, list):
        return set().union(*map(hashes_in, recipe_json))
    if not isinstance(recipe_json, dict):
        return set()
    named = {value for key, value in recipe_json.items() if key.endswith("sha256") and value}
    return named.union(*(hashes_in(value) for value in recipe_json.values()))
