"""The web process is killed in the middle of submissions: whole ones or none are there, no credits without a job."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import pytest

from accounts.credits import grant
from accounts.models import CreditEntry, Plan, User
from generation.jobs import upkeep
from generation.models import Job, KeptAnswer
from tests.architecture.sources import ROOT
from tests.conftest import credits_of
from tests.faults.asking import Program
from tests.faults.dying_submitter import SIBLINGS
from tests.faults.machine import Machine

ASKERS = 3
LONGEST_LIFE_SECONDS = 2.0


@pytest.mark.parametrize("rounds", [8, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_while_submitting(machine: Machine, alice: User, rounds: int) -> None:
    Plan.objects.update(max_queued=100_000)
    grant(alice, 100_000, reference="test:enough")
    submitter = [sys.executable, "-m", "tests.faults.dying_submitter", "alice", str(rounds)]
    subprocess.run(submitter, cwd=ROOT, env=machine.env, check=True, timeout=600)
    assert len(whole_submissions(alice)) >= rounds


@pytest.mark.parametrize("lives", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_a_web_process_killed_while_it_is_asked(machine: Machine, alice: User, lives: int) -> None:
    """The real one, over HTTP: what it answered is there, and an answer is kept for each submission that is."""
    Plan.objects.update(max_queued=100_000)
    grant(alice, 100_000, reference="test:enough")
    program = Program(alice, machine.address)
    answered: set[str] = set()
    for life in range(lives):
        web = machine.web()
        with ThreadPoolExecutor(ASKERS) as pool:
            asking = [pool.submit(ask_until_gone, program, f"{life}-{asker}") for asker in range(ASKERS)]
            time.sleep(random.Random(life).uniform(0.2, LONGEST_LIFE_SECONDS))
            machine.kill(web)
        answered.update(code for asked in asking for code in asked.result())
    made = whole_submissions(alice)
    assert answered and answered <= made
    assert len(made) == KeptAnswer.objects.filter(status=202).count()
    assert {code["submission"] for code in KeptAnswer.objects.filter(status=202).values_list("body", flat=True)} == made


def ask_until_gone(program: Program, name: str) -> list[str]:
    """Submissions that were answered before the process died in the midst of one."""
    answered = []
    for number in itertools.count():
        try:
            answer = program.make({"Idempotency-Key": f"{name}-{number}"}, count=SIBLINGS)
        except (OSError, HTTPException):
            break
        assert answer.status == 202, answer
        answered.append(answer.body["submission"])
    return answered


def whole_submissions(user: User) -> set[str]:
    """All there are, none of them in part, each picture with its hold and no hold without a picture."""
    siblings = Counter(Job.objects.values_list("submission", flat=True))
    assert set(siblings.values()) == {SIBLINGS}
    upkeep.resend_unannounced_jobs()  # nobody recovers here, and a hundred lives take a while
    held = CreditEntry.objects.filter(kind="hold").count()
    assert held == Job.objects.count() == 101_000 - credits_of(user)
    return set(siblings)
