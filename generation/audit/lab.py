"""Whether grids, merges and their results agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from generation.audit.findings import Check, Finding
from generation.catalog.merges import queue
from generation.jobs.grids import finishing
from generation.models import GeneratedImage, Job, LabGrid, LoraMerge
from generation.models.leases import RECOVERED_WITHIN


def unfinished_grids() -> Iterator[Finding]:
    late = Now() - RECOVERED_WITHIN
    fresh = Job.objects.filter(submission=OuterRef("submission"), owner=OuterRef("owner"), finished_at__gt=late)
    for grid in finishing.ready_grids().filter(~Exists(fresh), created_at__lt=late):
        advice = "All of its cells have ended, yet nobody made its picture: start beat, or see the log for why."
        yield unmade("grid-unfinished", grid, advice, finishing.finish_grid)


def grids_without_picture() -> Iterator[Finding]:
    for grid in LabGrid.objects.filter(state=LabGrid.State.DONE, image=None):
        advice = "It is done, but there is no picture; have it made again."
        yield unmade("grid-without-picture", grid, advice, finishing.finish_again)


def unmade(code: str, grid: LabGrid, advice: str, make: Callable[[LabGrid], object]) -> Finding:
    """A grid that lacks its picture, which `make` makes unless a cell's file is lost."""
    if finishing.is_readable(grid):
        return Finding(code, grid.code, advice, partial(make, grid))
    return Finding(code, grid.code, "A file of its cells is lost; restore that, then its picture can be made.")


def remaking(image: GeneratedImage, name: str) -> Callable[[], object] | None:
    """How a missing file of a picture is made again as it was: a grid's, while all of its cells are there."""
    if image.grid and name != image.svg_file and finishing.is_whole(image.grid):
        return partial(finishing.redraw, image)
    return None


def stuck_merges() -> Iterator[Finding]:
    for merge in LoraMerge.objects.running().expired(RECOVERED_WITHIN):
        advice = "Its worker is dead and nobody put it back: start beat."
        yield Finding("merge-stuck", merge.code, advice, queue.recover)


CHECKS: tuple[Check, ...] = (unfinished_grids, grids_without_picture, stuck_merges)
