"""Whether trainings, searches, their ledger entries and files agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from django.db.models import Q
from django.db.models.functions import Now

from accounts import credits
from generation.audit.findings import Check, Finding, Kind, has_entry, holds_without_row
from generation.models import Snapshot, TrainingRun, TrainingSearch
from generation.models.leases import RECOVERED_WITHIN
from generation.storage import files as storage_files
from generation.training import upkeep
from generation.training.runs import files, lifecycle
from generation.training.searches import halving

State = TrainingRun.State


def unpaid_runs() -> Iterator[Finding]:
    for run in TrainingRun.objects.filter(~has_entry("run:", Kind.HOLD), search=None):
        yield Finding("run-without-hold", run.code, "Nobody pays for this training; discard it if it has not ended.")
    for search in TrainingSearch.objects.filter(~has_entry("search:", Kind.HOLD)):
        yield Finding("search-without-hold", search.code, "Nobody pays for this search; cancel it if it has not ended.")


def unended_holds() -> Iterator[Finding]:
    """An ended run whose credits are still held: the ending and its entry are written together, so none is expected."""
    open_hold = has_entry("run:", Kind.HOLD) & ~has_entry("run:", Kind.SETTLE, Kind.RELEASE)
    for run in TrainingRun.objects.filter(open_hold).exclude(state__in=TrainingRun.UNFINISHED):
        yield Finding("run-hold-never-ended", run.code, f"The run is {run.state}; end its hold so.", ending_of(run))
    open_hold = has_entry("search:", Kind.HOLD) & ~has_entry("search:", Kind.SETTLE, Kind.RELEASE)
    for search in TrainingSearch.objects.filter(open_hold).exclude(state=TrainingSearch.State.RUNNING):
        settle = partial(halving.charge, search, "Audit: settled")
        yield Finding("search-hold-never-ended", search.code, f"The search is {search.state}; settle it.", settle)


def ending_of(run: TrainingRun) -> Callable[[], object]:
    if run.state == State.DONE:
        return partial(lifecycle.charge, run, "Audit: settled")
    if run.discard_cost:
        return partial(credits.settle, run.reference, run.discard_cost, note="Audit: settled")
    return partial(credits.release, run.reference, note="Audit: released")


def wrong_endings() -> Iterator[Finding]:
    """Charged without a LoRA, a LoRA for nothing, or credits back while it still goes on."""
    settled, released = has_entry("run:", Kind.SETTLE), has_entry("run:", Kind.RELEASE)
    wrong = (
        Q(state=State.DONE) & released
        | Q(state__in=[State.FAILED, State.CANCELLED], discard_cost=0) & settled
        | Q(state__in=[State.FAILED, State.CANCELLED], discard_cost__gt=0) & released
        | Q(state__in=TrainingRun.UNFINISHED) & (settled | released)
    )
    for run in TrainingRun.objects.filter(wrong):
        yield Finding("wrong-run-ending", run.code, f"The run is {run.state}, the ledger says otherwise.")
    for run in TrainingRun.objects.filter(state=State.DONE, best_step=None):
        yield Finding("done-without-snapshot", run.code, "The run is done, but no snapshot of it was chosen.")


def ownerless_holds() -> Iterator[Finding]:
    advice = "Credits are held for what is not there; give them back."
    yield from holds_without_row("run:", TrainingRun.objects.all(), "hold-without-run", advice)
    yield from holds_without_row("search:", TrainingSearch.objects.all(), "hold-without-run", advice)


def missing_files() -> Iterator[Finding]:
    for snapshot in Snapshot.objects.exclude(file="").select_related("run").iterator():
        for name in (snapshot.file, *snapshot.samples):
            if not storage_files.is_there(name):
                yield Finding("run-file-missing", name, f"Restore it from a backup; run {snapshot.run.code} shows it.")
    for run in TrainingRun.objects.unfinished().exclude(state_files={}):
        for name in run.state_files.values():
            if not storage_files.is_there(name):
                yield Finding("run-state-missing", name, f"Run {run.code} cannot go on without it; discard the run.")


def orphan_files() -> Iterator[Finding]:
    for name in files.orphans():
        yield Finding(
            "orphan-run-file", name, "No run uses this file; remove it.", partial(storage_files.discard, name)
        )


def unrecovered_runs() -> Iterator[Finding]:
    """What upkeep should have put right by now. Its repair is to run upkeep once; its cure is to start beat."""
    for run in TrainingRun.objects.running().expired(RECOVERED_WITHIN):
        yield Finding("run-lease-expired", run.code, "Upkeep does not run: start beat.", upkeep.requeue_expired_runs)
    silent = TrainingRun.objects.queued().unannounced(RECOVERED_WITHIN)
    for run in silent.exclude(announced_at=None, created_at__gte=Now() - RECOVERED_WITHIN):
        yield Finding("run-unannounced", run.code, "Upkeep does not run, or no worker trains.")


CHECKS: tuple[Check, ...] = (
    unpaid_runs,
    unended_holds,
    wrong_endings,
    ownerless_holds,
    missing_files,
    orphan_files,
    unrecovered_runs,
)
