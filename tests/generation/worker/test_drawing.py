"""The worker's story with the real engine and the bundled checkpoint: drawn, kept, charged, and stopped at a wish."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import InterfaceError
from django.db.models.functions import Now

from accounts.models import CreditEntry, User
from config.celery import app
from generation.jobs import lifecycle, queueing, upkeep
from generation.jobs.queueing import claim_next, wait_of
from generation.messages import broker, frames, wakeups
from generation.models import Checkpoint, GeneratedImage, GpuWorker, Job, Lora
from generation.worker import drawing
from generation.worker.patience import Stopped
from generation.worker.process import HANGING_AFTER_SECONDS, WorkerProcess
from tests.conftest import credits_of
from tests.generation.conftest import Queue, add_worker


def state(job: Job) -> tuple[str, str]:
    job.refresh_from_db()
    return job.state, job.error_code


def test_it_works(alice: User, queue: Queue, worker: WorkerProcess) -> None:
    jobs = queue(alice, count=2)
    assert drawing.perform_ready_jobs() == 2
    assert [state(job) for job in jobs] == [("done", ""), ("done", "")]
    assert CreditEntry.objects.filter(kind="settle").count() == 2
    last = frames.last_frame(jobs[0].code)
    assert last is not None and last.picture.startswith(b"\xff\xd8")
    assert worker.row.work_per_second > 0


@pytest.mark.parametrize(("wished", "slots"), [(None, 8), (3, 3)])
def test_its_slots_are_the_devices_unless_the_operator_names_a_number(
    request: pytest.FixtureRequest, settings: Any, wished: int | None, slots: int
) -> None:
    settings.RENDERING = replace(settings.RENDERING, slots=wished)
    worker = request.getfixturevalue("worker")
    assert (worker.row.slots, worker.threads) == (slots, slots + 1)


def test_a_checkpoint_stays_warm_between_jobs(alice: User, queue: Queue, worker: WorkerProcess) -> None:
    (job,) = queue(alice)
    assert worker.warm() == set()
    drawing.perform_ready_jobs()
    assert worker.warm() == {job.checkpoint_sha256}


def test_a_lora_whose_file_is_gone_fails_and_is_refunded(alice: User, queue: Queue, worker: WorkerProcess) -> None:
    (job,) = queue(alice, "a cat <lora:line-art:0.5>")
    Lora.objects.filter(name="line-art").update(path="nowhere.safetensors")
    drawing.perform_ready_jobs()
    assert state(job) == ("failed", "weights-missing")
    assert credits_of(alice) == 1000


def test_a_cancelled_job_stops_and_keeps_nothing(alice: User, queue: Queue, worker: WorkerProcess) -> None:
    (job,) = queue(alice, steps=50)
    claimed = claim_next(worker.name)
    assert claimed is not None
    lifecycle.cancel_job(claimed)
    drawing.perform_job(worker, claimed)
    assert state(job) == ("cancelled", "")
    assert not GeneratedImage.objects.exists()
    assert credits_of(alice) == 1000


def test_a_lost_lease_drops_the_work(alice: User, queue: Queue, worker: WorkerProcess) -> None:
    (job,) = queue(alice, steps=50)
    claimed = claim_next(worker.name)
    assert claimed is not None
    Job.objects.update(worker="another", attempt=2)
    with worker.holding_job(claimed):
        worker.heartbeat()
        with pytest.raises(Stopped):
            drawing.draw(worker, claimed)


def test_what_hangs_in_the_engine_loses_its_lease(
    alice: User, queue: Queue, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease is not prolonged any more, so another worker has a try."""
    queue(alice, count=2)
    hanging, fine = claim_next(worker.name), claim_next(worker.name)
    assert hanging is not None and fine is not None
    Job.objects.update(lease_until=Now() - timedelta(seconds=1))
    with worker.holding_job(fine):
        monkeypatch.setattr(worker, "deadline", lambda job: -HANGING_AFTER_SECONDS)
        with worker.holding_job(hanging):
            worker.heartbeat()
    assert upkeep.requeue_expired_leases() == 1
    assert [state(hanging), state(fine)] == [("queued", ""), ("running", "")]


def test_a_suspect_calls_those_who_found_nothing_beside_it(
    alice: User, queue: Queue, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspect, other = queue(alice, count=2)
    Job.objects.filter(pk=suspect.pk).update(crash_count=2)
    states: list[tuple[str, str]] = []

    def send(task: object, *args: object) -> bool:
        states.append((state(suspect)[0], state(other)[0]))
        return True

    monkeypatch.setattr("generation.messages.wakeups.send", send)
    assert drawing.perform_ready_jobs() == 2
    assert states == [("running", "queued"), ("done", "queued")]


def test_a_closing_worker_takes_nothing_and_gives_back_what_it_has(
    alice: User, queue: Queue, worker: WorkerProcess
) -> None:
    (job,) = queue(alice, steps=50)
    claimed = claim_next(worker.name)
    assert claimed is not None
    worker.stop_at = 0.0
    drawing.perform_job(worker, claimed)
    assert state(job) == ("queued", "")
    assert drawing.perform_ready_jobs() == 0


def test_a_full_disk_is_our_fault(
    alice: User, queue: Queue, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(name: str, data: bytes) -> str:
        raise OSError(28, "No space left on device")

    (job,) = queue(alice)
    monkeypatch.setattr("generation.storage.files.write", full)
    drawing.perform_ready_jobs()
    assert state(job) == ("failed", "storage-refused")
    assert credits_of(alice) == 1000


def test_without_its_engine_a_worker_ends_and_leaves_its_jobs_to_others(
    alice: User, queue: Queue, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in the engine's own loop: nothing can be drawn in this process any more."""
    first, second = queue(alice, count=2)
    exits: list[int] = []

    def die(group: object) -> None:
        raise AssertionError("a bug in the loop")

    monkeypatch.setattr(worker.renderer._loop, "_round", die)
    monkeypatch.setattr("os._exit", exits.append)
    monkeypatch.setattr("generation.models.leases.HEARTBEAT_SECONDS", 0.01)
    assert drawing.perform_ready_jobs() == 1, "it takes no second one"
    assert [state(job)[0] for job in (first, second)] == ["running", "queued"], "the lease of the first will run out"
    worker._keep_beating()
    assert exits == [os.EX_SOFTWARE]


def test_the_heartbeat_carries_what_the_engine_counted(alice: User, queue: Queue, worker: WorkerProcess) -> None:
    queue(alice)
    drawing.perform_ready_jobs()
    worker.heartbeat()
    row = GpuWorker.objects.get(name=worker.name)
    assert row.checkpoints == list(Checkpoint.objects.values_list("sha256", flat=True)) != []
    counted = row.metrics
    assert counted["ended"] == {"finished": 1}
    assert counted["queue_waits"] == 1 and counted["calls"] == sum(counted["rows_by_call"].values()) > 0


@pytest.mark.django_db(transaction=True)
def test_when_the_time_is_over_what_is_in_hand_goes_back(
    alice: User, queue: Queue, worker: WorkerProcess, settings: Any
) -> None:
    """Though its holder hears nothing meanwhile: loading, encoding and decoding tell of no step."""
    settings.RENDERING = replace(settings.RENDERING, stop_grace_seconds=0.2)
    (job,) = queue(alice)
    claimed = claim_next(worker.name)
    assert claimed is not None
    with worker.holding_job(claimed):
        worker.drain()
        assert state(job) == ("running", "")
        until(lambda: state(job) == ("queued", ""))
        late = lifecycle.finish_job(claimed, np.zeros((128, 128, 3), np.uint8), 0.1)
    assert late is None and not GeneratedImage.objects.exists()
    assert claim_next("another") == job


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_goes_on_whatever_is_raised(
    alice: User, queue: Queue, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[int] = []

    def broken() -> None:
        beats.append(1)
        if len(beats) == 3:
            worker.stop_at = 0.0
        raise InterfaceError("connection already closed")

    monkeypatch.setattr(worker, "heartbeat", broken)
    monkeypatch.setattr("generation.models.leases.HEARTBEAT_SECONDS", 0.01)
    worker._keep_beating()
    assert len(beats) == 3


def test_it_reports_no_checkpoint_whose_files_are_gone(queue: Queue, worker: WorkerProcess) -> None:
    Checkpoint.objects.update(path="nowhere")
    worker.heartbeat()
    assert GpuWorker.objects.get(name=worker.name).checkpoints == []


def test_a_wakeup_for_what_only_another_worker_reaches_is_passed_on(
    alice: User, queue: Queue, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = queue(alice)
    here = Checkpoint.objects.get(sha256=job.checkpoint_sha256)
    Checkpoint.objects.filter(pk=here.pk).update(path="on-another-machine")
    add_worker("other", checkpoints=[here.sha256])
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr("generation.messages.wakeups.send", lambda task, **options: sent.append(options))
    app.control.purge()
    worker.heartbeat()
    assert drawing.perform_ready_jobs() == 0
    assert state(job) == ("queued", "") and sent == [{"countdown": drawing.PASS_ON_SECONDS}]

    Checkpoint.objects.filter(pk=here.pk).update(path=here.path)
    worker.heartbeat()
    assert drawing.perform_ready_jobs() == 1


def test_of_many_wakeups_for_another_worker_only_the_last_are_passed_on(
    alice: User, queue: Queue, worker: WorkerProcess
) -> None:
    (job,) = queue(alice)
    Checkpoint.objects.update(path="on-another-machine")
    add_worker("other", checkpoints=[job.checkpoint_sha256])
    worker.heartbeat()
    app.control.purge()
    for _ in range(worker.row.slots):
        wakeups.send(wakeups.Task.RUN_NEXT_JOB)
    drawing.perform_ready_jobs()
    assert broker.waiting_wakeups() == worker.row.slots


def test_what_turns_out_to_be_for_another_worker_goes_back(alice: User, queue: Queue, worker: WorkerProcess) -> None:
    """Imported since the last heartbeat, where this one has no such file."""
    (job,) = queue(alice)
    worker.heartbeat()
    Checkpoint.objects.update(path="on-another-machine")
    add_worker("other", checkpoints=[job.checkpoint_sha256])
    assert drawing.perform_ready_jobs() == 1
    assert state(job) == ("queued", "") and credits_of(alice) < 1000
    assert claim_next("other") == job


def test_a_lora_that_only_another_worker_has_goes_to_it(alice: User, queue: Queue, worker: WorkerProcess) -> None:
    """This worker learns it from the job at the latest, and takes no such job again."""
    job, plain = queue(alice, "a cat <lora:line-art:0.5>")[0], queue(alice, "a cat")[0]
    worker.heartbeat()
    Lora.objects.filter(name="line-art").update(path="on-another-machine.safetensors")
    add_worker("other")
    assert drawing.perform_ready_jobs() == 2
    assert (state(job), state(plain)) == (("queued", ""), ("done", ""))
    assert GpuWorker.objects.get(name=worker.name).lacking == [Lora.objects.get(name="line-art").sha256]
    assert drawing.perform_ready_jobs() == 0 and queueing.waits_for_others(worker.elsewhere)
    assert wait_of(job) is not None and credits_of(alice) < 1000
    GpuWorker.objects.filter(name="other").update(metrics={"lacking": [Lora.objects.get(name="line-art").sha256]})
    worker.heartbeat()
    assert drawing.perform_ready_jobs() == 1 and state(job) == ("failed", "weights-missing")


def test_what_it_lacks_is_looked_for_now_and_then(
    alice: User, queue: Queue, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with every heartbeat: there may be thousands. Of a file's several rows one that leads to it is enough."""
    line_art, fluent = Lora.objects.get(name="line-art"), Lora.objects.get(name="fluent-3d")
    Lora.objects.create(name="mine", title="Mine", path="gone", sha256=line_art.sha256, owner=alice)
    Lora.objects.filter(pk=fluent.pk).update(path="gone")
    worker.heartbeat()
    assert worker.row.lacking == [fluent.sha256]
    Lora.objects.filter(pk=line_art.pk).update(path="gone")
    worker.heartbeat()
    assert worker.row.lacking == [fluent.sha256]
    monkeypatch.setattr("generation.worker.weights.LOOK_SECONDS", 0.0)
    worker.heartbeat()
    assert worker.row.lacking == sorted([fluent.sha256, line_art.sha256])


@pytest.mark.parametrize("silent_for, left", [(timedelta(minutes=50), True), (timedelta(minutes=70), False)])
def test_what_only_a_silent_worker_reached_waits_for_its_return_but_not_for_ever(
    alice: User, queue: Queue, worker: WorkerProcess, silent_for: timedelta, left: bool
) -> None:
    (job,) = queue(alice)
    Checkpoint.objects.update(path="on-another-machine")
    add_worker("other", checkpoints=[job.checkpoint_sha256], seen_at=Now() - silent_for)
    worker.heartbeat()
    drawing.perform_ready_jobs()
    assert state(job) == (("queued", "") if left else ("failed", "weights-missing"))
    wait = wait_of(job)
    assert (wait.reason if wait else "") == ("No worker that is at work has its checkpoint." if left else "")
    assert (credits_of(alice) < 1000) == left


def until(happened: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)
