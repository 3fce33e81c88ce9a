"""prefer_job: one's own pictures change places; strangers' places stay as they are."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.refusals import Conflict
from generation.jobs.fairness import prefer_job
from generation.jobs.queueing import claim_next, waits
from generation.models import Job
from tests.generation.conftest import Queue


def test_it_goes_first_of_ones_own(alice: User, charlie: User, queue: Queue) -> None:
    from accounts.credits import grant

    grant(charlie, 100, reference="gift")
    mine = queue(alice, count=3)
    theirs = queue(charlie, count=2)
    before = waits(theirs)
    prefer_job(mine[2])
    assert waits(list(Job.objects.of(charlie))) == before
    assert claim_next("w") == mine[2]


def test_the_first_stays_first(alice: User, queue: Queue) -> None:
    first, _ = queue(alice, count=2)
    prefer_job(first)
    assert claim_next("w") == first


def test_what_does_not_wait_cannot_be_preferred(alice: User, queue: Queue) -> None:
    queue(alice)
    running = claim_next("w")
    assert running is not None
    with pytest.raises(Conflict):
        prefer_job(running)


def test_through_the_api(alices_api: APIClient, alice: User, charlie: User, queue: Queue) -> None:
    _, second = queue(alice, count=2)
    assert alices_api.post(f"/api/v1/jobs/{second.code}/prefer").json()["place"] == 1
    Job.objects.update(owner=charlie)
    assert alices_api.post(f"/api/v1/jobs/{second.code}/prefer").status_code == 404
