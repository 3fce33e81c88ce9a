"""The web process is killed in the middle of submissions: whole ones or none are there, no credits without a job."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from accounts.credits import grant
from accounts.models import CreditEntry, Plan, User
from generation import upkeep
from generation.models import Job
from tests.architecture.sources import ROOT
from tests.conftest import credits_of
from tests.faults.dying_submitter import SIBLINGS
from tests.faults.machine import Machine


@pytest.mark.parametrize("rounds", [8, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_while_submitting(machine: Machine, alice: User, rounds: int) -> None:
    Plan.objects.update(max_queued=100_000)
    grant(alice, 100_000, reference="test:enough")
    submitter = [sys.executable, "-m", "tests.faults.dying_submitter", "alice", str(rounds)]
    subprocess.run(submitter, cwd=ROOT, env=machine.env, check=True, timeout=600)
    siblings = Counter(Job.objects.values_list("submission", flat=True))
    assert len(siblings) >= rounds
    assert set(siblings.values()) == {SIBLINGS}
    upkeep.resend_unannounced_jobs(lambda: None)  # nobody heals here, and a hundred lives take a while
    held = CreditEntry.objects.filter(kind="hold").count()
    assert held == Job.objects.count() == 101_000 - credits_of(alice)
