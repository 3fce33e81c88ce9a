"""How jobs end: row, image, credits and files together, and of two endings that race exactly one."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from PIL import Image

from accounts.credits import grant
from accounts.models import CreditEntry, Plan, User
from accounts.refusals import Conflict
from generation.audit.checks import audit
from generation.jobs import fairness, lifecycle, upkeep
from generation.jobs.queueing import claim_next
from generation.messages.frames import Frame, publish_frame
from generation.models import GeneratedImage, Job, QueueClock, QueueShare
from tests.conftest import credits_of
from tests.generation.conftest import Draw, Queue

PIXELS = np.full((128, 128, 3), 200, np.uint8)


def claimed(queue: Queue, user: User, **fields: int) -> Job:
    queue(user, **fields)
    job = claim_next("w1")
    assert job is not None
    return job


def stored_files() -> list[str]:
    root = default_storage.path("")
    import pathlib

    return [path.name for path in pathlib.Path(root).rglob("*") if path.is_file()]


def endings(job: Job) -> set[str]:
    return set(CreditEntry.objects.filter(reference=job.reference).values_list("kind", flat=True)) - {"hold"}


def test_finish_keeps_the_picture_and_settles(alice: User, queue: Queue) -> None:
    job = claimed(queue, alice)
    image = lifecycle.finish_job(job, PIXELS, 0.5)
    assert image is not None
    job.refresh_from_db()
    assert (job.state, job.lease_until, endings(job)) == ("done", None, {"settle"})
    with default_storage.open(image.file) as file, Image.open(io.BytesIO(file.read())) as picture:
        assert picture.size == (128, 128)
        assert picture.text["parameters"].startswith("a red apple\nSteps: 4, ")  # type: ignore[attr-defined]
    assert credits_of(alice) == 1000 - job.credits


def test_a_late_attempt_is_discarded_with_its_files(alice: User, queue: Queue) -> None:
    late = claimed(queue, alice)
    Job.objects.update(state="queued")
    again = claim_next("w2")
    assert again is not None
    assert lifecycle.finish_job(late, PIXELS, 0.5) is None
    assert stored_files() == []
    assert lifecycle.finish_job(again, PIXELS, 0.5) is not None
    assert GeneratedImage.objects.count() == 1
    assert endings(again) == {"settle"}


def test_fail_gives_the_credits_back(alice: User, queue: Queue) -> None:
    job = claimed(queue, alice)
    assert lifecycle.fail_job(job, "out-of-memory", "It was too large.")
    assert not lifecycle.fail_job(job, "out-of-memory", "It was too large.")
    job.refresh_from_db()
    assert (job.state, job.error_code, endings(job)) == ("failed", "out-of-memory", {"release"})
    assert credits_of(alice) == 1000


@pytest.mark.parametrize("running", [True, False])
def test_cancel_gives_the_credits_back(alice: User, queue: Queue, running: bool) -> None:
    (job,) = queue(alice)
    if running:
        claim_next("w1")
    lifecycle.cancel_job(job)
    job.refresh_from_db()
    assert (job.state, endings(job)) == ("cancelled", {"release"})
    assert credits_of(alice) == 1000


@pytest.mark.parametrize(("step", "cost"), [(0, 0), (1, 1), (20, 2), (32, 4), (40, 4)])
def test_cancel_pays_for_the_steps_drawn(alice: User, queue: Queue, step: int, cost: int) -> None:
    job = claimed(queue, alice, width=512, height=512, steps=40)
    assert job.credits == 4
    publish_frame(alice.pk, Frame(job.code, 100 * step // 40, step, 40, 1.0, b""))
    lifecycle.cancel_job(job)
    job.refresh_from_db()
    assert (job.state, job.cancel_cost) == ("cancelled", cost)
    assert credits_of(alice) == 1000 - cost
    assert endings(job) == ({"settle"} if cost else {"release"})
    assert list(audit()) == []


def put_back_by_a_stopping_worker(job: Job) -> None:
    assert lifecycle.release_job(job)


def lose_the_worker(job: Job) -> None:
    Job.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert upkeep.requeue_expired_leases() == 1


@pytest.mark.parametrize("put_back", [put_back_by_a_stopping_worker, lose_the_worker])
def test_what_an_attempt_has_drawn_is_not_charged_for_the_next(
    alice: User, queue: Queue, put_back: Callable[[Job], None]
) -> None:
    job = claimed(queue, alice, width=512, height=512, steps=40)
    publish_frame(alice.pk, Frame(job.code, 80, 32, 40, 1.0, b""))
    put_back(job)
    again = claim_next("w2")
    assert again is not None
    lifecycle.cancel_job(again)
    assert credits_of(alice) == 1000


def test_what_was_cancelled_in_the_queue_costs_no_place(alice: User, charlie: User, queue: Queue) -> None:
    grant(charlie, 100, reference="gift")
    Plan.objects.update(max_running=100)
    first, *others = queue(alice, count=8)
    theirs = queue(charlie, count=4)
    for job in others:
        lifecycle.cancel_job(job)
    (second,) = queue(alice)
    assert [claim_next("w") for _ in range(4)] == [first, theirs[0], theirs[1], second]


def test_later_ones_move_up_and_keep_their_distance(alice: User, queue: Queue) -> None:
    jobs = queue(alice, count=4)
    starts = [job.virtual_start for job in jobs]
    finish = QueueShare.objects.get().virtual_finish
    lifecycle.cancel_job(jobs[1])
    assert starts_of(jobs[0], *jobs[2:]) == pytest.approx(starts[:3])
    assert QueueShare.objects.get().virtual_finish == pytest.approx(starts[3]) and starts[3] < finish


def test_a_costly_one_that_was_preferred_leaves_no_crowd_at_its_place(alice: User, queue: Queue) -> None:
    small, costly = queue(alice, count=4), queue(alice, steps=40)[0]
    starts = [job.virtual_start for job in small]
    fairness.prefer_job(costly)
    lifecycle.cancel_job(Job.objects.get(pk=costly.pk))
    assert sorted(starts_of(*small)) == pytest.approx(starts)
    assert QueueShare.objects.get().virtual_finish == pytest.approx(starts[3] + starts[1])


def test_nothing_moves_up_past_the_clock(alice: User, queue: Queue) -> None:
    first, second = queue(alice, count=2)
    QueueClock.objects.update_or_create(pk=1, defaults={"virtual_time": second.virtual_start})
    lifecycle.cancel_job(first)
    assert starts_of(second) == [second.virtual_start]
    assert QueueShare.objects.get().virtual_finish == pytest.approx(2 * second.virtual_start)


def test_what_runs_has_been_paid_in_time(alice: User, queue: Queue) -> None:
    job = claimed(queue, alice)
    finish = QueueShare.objects.get().virtual_finish
    lifecycle.cancel_job(job)
    assert QueueShare.objects.get().virtual_finish == finish


def starts_of(*jobs: Job) -> list[float]:
    return [Job.objects.get(pk=job.pk).virtual_start for job in jobs]


def test_what_was_cancelled_cannot_finish(alice: User, queue: Queue) -> None:
    job = claimed(queue, alice)
    lifecycle.cancel_job(job)
    assert lifecycle.finish_job(job, PIXELS, 0.5) is None
    assert not GeneratedImage.objects.exists()
    assert stored_files() == []


def test_what_has_ended_cannot_be_cancelled(alice: User, draw: Draw) -> None:
    ended = draw(alice).job
    assert ended is not None
    with pytest.raises(Conflict) as refusal:
        lifecycle.cancel_job(ended)
    assert refusal.value.code == "already-ended"


def test_release_puts_it_back_at_its_place(alice: User, queue: Queue) -> None:
    job = claimed(queue, alice)
    assert lifecycle.release_job(job)
    job.refresh_from_db()
    assert (job.state, job.worker, job.lease_until, endings(job)) == ("queued", "", None, set())
    again = claim_next("w2")
    assert again is not None and (again.pk, again.attempt) == (job.pk, 2)
