"""Tiles by themselves, for a page that is open: asked for again, or met from another tab."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from accounts.models import User
from generation.jobs.queueing import claim_next
from generation.messages import frames
from generation.models import GeneratedImage, Job
from tests.generation.conftest import add_worker

Queue = Callable[..., list[Job]]


def test_it_works(alices: Client, alice: User, queue: Queue) -> None:
    first, second = queue(alice, count=2)
    part = alices.get("/jobs/tiles/", {"code": [first.code, second.code]})
    assert part.text.count('class="tile"') == 2
    assert "Next in line" in part.text
    assert "2nd in line" in part.text


def test_first_render_and_update_are_the_same_partial(alices: Client, alice: User, queue: Queue) -> None:
    (job,) = queue(alice)
    tile = alices.get("/jobs/tiles/", {"code": job.code}).text.strip()
    bare = "".join(tile.split('name="csrfmiddlewaretoken"')[0].split())
    assert bare in "".join(alices.get("/create/").text.split())


def test_it_estimates_from_measured_speed(alices: Client, alice: User, queue: Queue) -> None:
    first, second = queue(alice, count=2)
    add_worker(work_per_second=128 * 128 * 4 / 10)
    assert "Starts in about 10 s" in alices.get("/jobs/tiles/", {"code": second.code}).text


def test_it_says_that_the_plan_is_what_holds_it(alices: Client, alice: User, queue: Queue) -> None:
    jobs = queue(alice, count=5)
    add_worker(work_per_second=1e9)
    for _ in range(alice.plan.max_running):
        claim_next("w")
    assert "Your plan draws 4 pictures at a time." in alices.get("/jobs/tiles/", {"code": jobs[-1].code}).text


def test_a_running_tile_has_its_figures_and_last_preview(alices: Client, alice: User, queue: Queue) -> None:
    (job,) = queue(alice)
    claim_next("w")
    frames.publish_frame(alice.pk, frames.Frame(job.code, 50, 2, 4, 3.0, b"\xff\xd8jpeg"))
    part = alices.get("/jobs/tiles/", {"code": job.code}).text
    assert "50 %" in part and "2 of 4" in part and "3 s left" in part
    preview = alices.get(f"/jobs/{job.code}/preview")
    assert (preview.content, preview.headers["Content-Type"]) == (b"\xff\xd8jpeg", "image/jpeg")
    assert preview.headers["Cache-Control"] == "private, no-store"


def test_charlie_sees_nothing(charlies: Client, alice: User, queue: Queue) -> None:
    (job,) = queue(alice)
    frames.publish_frame(alice.pk, frames.Frame(job.code, 50, 2, 4, 3.0, b"x"))
    assert charlies.get("/jobs/tiles/", {"code": job.code}).text.strip() == ""
    assert charlies.get(f"/jobs/{job.code}/preview").status_code == 404
    assert charlies.get(f"/jobs/{job.code}/submission/").status_code == 404


def test_another_tab_meets_the_whole_submission(alices: Client, alice: User, queue: Queue) -> None:
    jobs = queue(alice, "two rockets", count=2)
    part = alices.get(f"/jobs/{jobs[1].code}/submission/").text
    assert part.count('class="tile"') == 2
    assert "two rockets" in part


def test_deleted_pictures_are_gone_from_the_stage(
    alices: Client, alice: User, draw: Callable[..., GeneratedImage]
) -> None:
    image = draw(alice)
    assert image.job is not None
    alices.post(f"/images/{image.code}/delete/")
    assert alices.get("/jobs/tiles/", {"code": image.job.code}).text.strip() == ""
    assert alices.get(f"/jobs/{image.job.code}/submission/").status_code == 404
    assert image.job.code not in alices.get("/create/").text
