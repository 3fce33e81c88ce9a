"""Drawing a waiting picture before one's others."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from accounts.models import User
from generation.jobs.queueing import claim_next
from generation.models import Job
from tests.generation.web.conftest import PART

Queue = Callable[..., list[Job]]


def test_it_works(alices: Client, alice: User, queue: Queue) -> None:
    first, second, third = queue(alice, count=3)
    page = alices.get("/create/").text
    assert f"/jobs/{first.code}/prefer/" not in page, "it is the next already"
    assert f"/jobs/{third.code}/prefer/" in page
    assert alices.post(f"/jobs/{third.code}/prefer/").headers["Location"] == "/create/"
    assert f"/jobs/{third.code}/prefer/" not in alices.get("/create/").text
    assert [claim_next("w") for _ in range(3)] == [third, second, first]


def test_a_script_gets_no_page(alices: Client, alice: User, queue: Queue) -> None:
    _, second = queue(alice, count=2)
    assert alices.post(f"/jobs/{second.code}/prefer/", headers=PART).status_code == 204


def test_what_does_not_wait_is_a_sentence(alices: Client, alice: User, queue: Queue) -> None:
    (job,) = queue(alice)
    claim_next("w")
    refusal = alices.post(f"/jobs/{job.code}/prefer/", headers=PART)
    assert (refusal.status_code, refusal.json()["code"]) == (409, "not-waiting")


def test_charlie_gets_404(charlies: Client, alice: User, queue: Queue) -> None:
    _, second = queue(alice, count=2)
    assert charlies.post(f"/jobs/{second.code}/prefer/").status_code == 404
    assert claim_next("w") != second
