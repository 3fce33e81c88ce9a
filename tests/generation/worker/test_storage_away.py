"""A bucket that answers 503 for a while: the finished picture is not lost, nothing is charged twice, the page tells."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from django.test import Client

from accounts.models import CreditEntry, User
from generation.jobs.lifecycle import cancel_job
from generation.jobs.pinning import picture_of
from generation.messages import frames
from generation.models import GeneratedImage, Job
from generation.recipes.starting import Start
from generation.storage import files
from generation.worker import drawing, patience
from generation.worker.process import WorkerProcess
from tests.bucket_servers import S3Server
from tests.conftest import credits_of
from tests.generation.conftest import Queue
from tests.generation.worker.test_pictures import bring, noise


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with closing(S3Server()) as server:
        yield server


@pytest.fixture
def in_bucket(server: S3Server, settings: Any, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    server.empty()
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "generation.storage.buckets.s3.S3Bucket", "OPTIONS": server.options()},
    }
    monkeypatch.setattr(patience, "WAITS", (0.2,))
    monkeypatch.setattr(patience, "LOOK_SECONDS", 0.05)
    return server


def state(job: Job) -> tuple[str, str]:
    job.refresh_from_db()
    return job.state, job.error_code


def test_a_finished_picture_waits_for_it(
    alice: User, queue: Queue, worker: WorkerProcess, in_bucket: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = queue(alice)
    in_bucket.is_bad, notes, leases = True, [], []

    def publish(owner_id: int, frame: frames.Frame) -> bool:
        if frame.note:
            notes.append((frame.note, frame.picture[:2]))
            worker.heartbeat()
            leases.append(worker.has_lost(job))
            in_bucket.is_bad = in_bucket.refused < 3
        return sent(owner_id, frame)

    sent = frames.publish_frame
    monkeypatch.setattr(frames, "publish_frame", publish)
    assert drawing.perform_ready_jobs() == 1
    assert state(job) == ("done", "") and job.attempt == 1
    assert notes[0] == ("Waiting for the storage", b"\xff\xd8"), "the last preview stays where it was"
    assert leases and not any(leases)
    assert credits_of(alice) == 1000 - job.credits
    assert CreditEntry.objects.filter(kind="settle").count() == 1
    image = GeneratedImage.objects.get()
    assert files.read(image.file).startswith(b"\x89PNG") and files.read(image.thumbnail)


def test_a_picture_to_start_from_is_waited_for(
    alice: User, queue: Queue, worker: WorkerProcess, in_bucket: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = bring(alice, noise())
    (job,) = queue(alice, start=Start(picture_of(alice, source.code), 0.5))
    in_bucket.is_bad = True
    timer = threading.Timer(1.0, lambda: setattr(in_bucket, "is_bad", False))
    timer.start()
    drawing.perform_ready_jobs()
    timer.join()
    assert state(job) == ("done", "")


def test_patience_has_an_end(
    alice: User, queue: Queue, worker: WorkerProcess, in_bucket: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 0.5)
    (job,) = queue(alice)
    in_bucket.is_bad = True
    drawing.perform_ready_jobs()
    assert state(job) == ("failed", "storage-refused")
    assert credits_of(alice) == 1000
    in_bucket.is_bad = False
    (later,) = queue(alice, seed=8)
    drawing.perform_ready_jobs()
    assert state(later) == ("done", "")


def test_whoever_cancels_meanwhile_is_heard(
    alice: User, queue: Queue, worker: WorkerProcess, in_bucket: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = queue(alice)
    in_bucket.is_bad, sent = True, frames.publish_frame

    def publish(owner_id: int, frame: frames.Frame) -> bool:
        if frame.note and state(job)[0] == "running":
            cancel_job(job)
        return sent(owner_id, frame)

    monkeypatch.setattr(frames, "publish_frame", publish)
    began = time.monotonic()
    drawing.perform_ready_jobs()
    assert state(job) == ("cancelled", "") and time.monotonic() - began < patience.PATIENCE_SECONDS / 2
    assert not GeneratedImage.objects.exists()


def test_a_page_says_that_a_part_is_away(alices: Client, alice: User, draw: Any, in_bucket: S3Server) -> None:
    image = draw(alice)
    assert alices.get(f"/images/{image.code}/file").status_code == 200
    in_bucket.is_bad = True
    answer = alices.get(f"/images/{image.code}/file")
    assert answer.status_code == 503 and answer["Retry-After"]
    in_bucket.is_bad = False
    assert alices.get(f"/images/{image.code}/file").status_code == 200


def test_a_tile_that_is_opened_late_says_what_it_waits_for(alices: Client, alice: User, queue: Queue) -> None:
    (job,) = queue(alice)
    Job.objects.update(state="running")
    frames.publish_frame(alice.pk, frames.Frame(job.code, 100, 4, 4, 0.0, b"", "Waiting for the storage"))
    assert "Waiting for the storage" in alices.get("/create/").text
