"""Cancelling a picture that waits or is being drawn."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from accounts.credits import wallet_of
from accounts.models import User
from generation.jobs.queueing import claim_next
from generation.messages.frames import Frame, publish_frame
from generation.models import GeneratedImage, Job
from tests.generation.web.conftest import PART

Queue = Callable[..., list[Job]]


def test_it_works(alices: Client, alice: User, queue: Queue) -> None:
    (job,) = queue(alice)
    assert wallet_of(alice).balance == 999
    assert alices.post(f"/jobs/{job.code}/cancel/").headers["Location"] == "/create/"
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert wallet_of(alice).balance == 1000
    assert "Cancelled" in alices.get("/create/").text


def test_a_running_one_too(alices: Client, alice: User, queue: Queue) -> None:
    (job,) = queue(alice)
    claim_next("w")
    assert alices.post(f"/jobs/{job.code}/cancel/", headers=PART).status_code == 204
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


def test_what_was_drawn_is_paid_and_the_page_says_so(alices: Client, alice: User, queue: Queue) -> None:
    assert "Cancelling one while it is drawn pays for its steps so far." in alices.get("/create/").text
    (job,) = queue(alice, width=512, height=512, steps=40)
    assert "the steps drawn by then are paid" not in alices.get("/create/").text
    claim_next("w")
    publish_frame(alice.pk, Frame(job.code, 50, 20, 40, 1.0, b""))
    assert "the steps drawn by then are paid" in alices.get("/create/").text
    alices.post(f"/jobs/{job.code}/cancel/")
    assert wallet_of(alice).balance == 998
    assert "2 of 4 credits" in " ".join(alices.get("/create/").text.split())


def test_what_has_ended_is_a_sentence(alices: Client, alice: User, draw: Callable[..., GeneratedImage]) -> None:
    image = draw(alice)
    assert image.job is not None
    refusal = alices.post(f"/jobs/{image.job.code}/cancel/", headers=PART)
    assert (refusal.status_code, refusal.json()["code"]) == (409, "already-ended")
    alices.post(f"/jobs/{image.job.code}/cancel/")
    assert "there is nothing to cancel" in alices.get("/create/").text
    assert wallet_of(alice).balance == 999, "drawn and paid once"


def test_charlie_gets_404(charlies: Client, alice: User, queue: Queue) -> None:
    (job,) = queue(alice)
    assert charlies.post(f"/jobs/{job.code}/cancel/").status_code == 404
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED


def test_it_is_a_post(alices: Client, alice: User, queue: Queue) -> None:
    (job,) = queue(alice)
    assert alices.get(f"/jobs/{job.code}/cancel/").status_code == 405


def test_all_of_one_submission(alices: Client, alice: User, bob: User, queue: Queue) -> None:
    first, second, others = queue(alice, count=3), queue(alice, count=2), queue(bob)
    claim_next("w")
    page = alices.get("/create/").text
    assert page.count("data-cancel-all") == 3, "one for each submission, and one for everything"
    answer = alices.post("/jobs/cancel/", {"submission": first[0].submission}, headers=PART)
    assert answer.status_code == 204
    states = dict(Job.objects.values_list("code", "state"))
    assert {states[job.code] for job in first} == {"cancelled"}
    assert {states[job.code] for job in second} == {"queued"}
    alices.post("/jobs/cancel/")
    assert set(Job.objects.of(alice).values_list("state", flat=True)) == {"cancelled"}
    others[0].refresh_from_db()
    assert others[0].state == Job.State.QUEUED
    assert wallet_of(alice).balance == 1000


def test_bobs_submission_is_not_alices_to_cancel(alices: Client, bob: User, queue: Queue) -> None:
    (job,) = queue(bob)
    alices.post("/jobs/cancel/", {"submission": job.submission})
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED
