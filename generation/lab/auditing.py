"""Whether grids, merges and their results agree. It only looks; healing is what `finishing` and `merging` do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from generation.findings import Finding
from generation.lab import finishing, merging
from generation.models import Job, LabGrid, LoraMerge
from generation.tasks import merge_loras

HEALED_WITHIN = timedelta(seconds=90)
"""What healing has not put right after so long, it will not: nobody runs it, or it cannot."""


def unfinished_grids() -> Iterator[Finding]:
    late = Now() - HEALED_WITHIN
    fresh = Job.objects.filter(submission=OuterRef("submission"), owner=OuterRef("owner"), finished_at__gt=late)
    for grid in finishing.ready_grids().filter(~Exists(fresh), created_at__lt=late):
        advice = "All of its cells have ended, yet nobody made its picture: start beat, or see the log for why."
        yield Finding("grid-unfinished", grid.code, advice, partial(finishing.finish_grid, grid))


def grids_without_picture() -> Iterator[Finding]:
    for grid in LabGrid.objects.filter(state=LabGrid.State.DONE, image=None):
        advice = "It is done, but there is no picture; have it made again."
        yield Finding("grid-without-picture", grid.code, advice, partial(finishing.finish_again, grid))


def stuck_merges() -> Iterator[Finding]:
    late = Now() - merging.GIVEN_UP_AFTER - HEALED_WITHIN
    for merge in LoraMerge.objects.filter(state=LoraMerge.State.RUNNING, started_at__lt=late):
        advice = "Its worker is dead and nobody put it back: start beat."
        yield Finding("merge-stuck", merge.code, advice, partial(merging.heal, merge_loras.delay))


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (unfinished_grids, grids_without_picture, stuck_merges)
