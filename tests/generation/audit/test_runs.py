"""Each disagreement of runs, ledger and files is found and named; what is safe to repair is repaired."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from accounts import credits
from accounts.models import User
from generation.audit.findings import Finding
from generation.audit.runs import CHECKS
from generation.models import Snapshot, TrainingRun
from generation.storage import files
from generation.training.runs import queueing
from tests.conftest import credits_of
from tests.generation.training.conftest import QueueRun


def findings() -> list[Finding]:
    return [finding for check in CHECKS for finding in check()]


def codes() -> set[str]:
    return {finding.code for finding in findings()}


def test_a_run_that_waits_is_in_order(queue_run: QueueRun) -> None:
    queue_run()
    assert codes() == set()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"state": "cancelled"}, "run-hold-never-ended"),
        ({"state": "running", "lease_until": Now() - timedelta(minutes=2)}, "run-lease-expired"),
        ({"announced_at": Now() - timedelta(minutes=2)}, "run-unannounced"),
        ({"state_files": {"state.safetensors": "runs/x/gone"}}, "run-state-missing"),
        ({"code": "another"}, "run-without-hold"),
    ],
)
def test_rows_that_disagree(queue_run: QueueRun, fields: dict[str, Any], code: str) -> None:
    queue_run()
    TrainingRun.objects.update(**fields)
    assert code in codes()


@pytest.mark.parametrize(("state", "settled"), [("done", False), ("failed", True), ("queued", True)])
def test_a_wrong_ending(queue_run: QueueRun, state: str, settled: bool) -> None:
    run = queue_run()
    TrainingRun.objects.update(state=state, best_step=20)
    if settled:
        credits.settle(run.reference, 1)
    else:
        credits.release(run.reference)
    assert codes() == {"wrong-run-ending"}


def test_an_open_hold_is_ended_as_its_run_was(alice: User, queue_run: QueueRun) -> None:
    run = queue_run()
    TrainingRun.objects.update(state="done", step=10, best_step=10)
    (finding,) = findings()
    assert finding.fix is not None
    finding.fix()
    assert (codes(), credits_of(alice)) == (set(), 1000 - -(-run.credits // 2))


def test_credits_of_nobody_are_given_back(alice: User) -> None:
    credits.hold(alice, 10, reference="run:nowhere")
    credits.hold(alice, 10, reference="search:nowhere")
    found = findings()
    assert [finding.code for finding in found] == ["hold-without-run"] * 2
    for finding in found:
        assert finding.fix is not None
        finding.fix()
    assert (codes(), credits_of(alice)) == (set(), 1000)


def test_a_snapshot_without_its_file(queue_run: QueueRun) -> None:
    run = queue_run()
    kept = files.write(f"runs/{run.code}/1-10.safetensors", b"weights")
    Snapshot.objects.create(run=run, step=10, file=kept, samples=["runs/x/gone.webp"])
    assert [finding.subject for finding in findings()] == ["runs/x/gone.webp"]


def test_a_run_in_good_hands_is_in_order(queue_run: QueueRun) -> None:
    queue_run()
    assert queueing.claim_next_run("w") is not None
    assert codes() == set()
