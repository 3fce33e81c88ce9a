"""A worker process draws on one device, and finds out by itself how many threads that asks for."""

from __future__ import annotations

import os
import socket
from collections import deque

import pytest
from kombu.exceptions import OperationalError
from redis import ConnectionError as RedisConnectionError

from config.celery import app
from config.platform.processes import worker_answers
from generation.models import GpuWorker
from tests import forking
from tests.architecture.sources import ROOT
from tests.faults.conftest import catalog, machine
from tests.faults.machine import CELERY, Machine

__all__ = ["catalog", "machine"]


@pytest.mark.slow
@pytest.mark.parametrize(("wished", "slots"), [("", 8), ("3", 3)])
def test_it_has_a_thread_for_each_picture_and_one_for_a_training(machine: Machine, wished: str, slots: int) -> None:
    machine.env |= {"GPU_SLOTS": wished, "RENDER_DEVICE": "cpu"}
    name = machine.named("gpu")
    machine.processes.append(machine.start("gpu", *CELERY, "-Q", "gpu,training", "-n", name))
    machine.until_up("gpu")
    machine.until(lambda: GpuWorker.objects.exists(), 120)
    assert GpuWorker.objects.get().slots == slots
    stats = app.control.inspect([name], timeout=10, limit=1).stats()
    assert stats[name]["pool"]["max-concurrency"] == slots + 1


def test_a_late_answer_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform asks again and again, and a ping ends with the first answer, whichever ping that is to."""
    node = f"gpu@{socket.gethostname()}"
    monkeypatch.setattr(app.control, "ping", lambda nodes, **options: [])
    monkeypatch.setattr(app.control.mailbox, "unclaimed", {"earlier": deque([{"other@host": {"ok": "pong"}}])})
    assert not worker_answers("gpu")
    app.control.mailbox.unclaimed["earlier"].append({node: {"ok": "pong"}})
    assert worker_answers("gpu")


@pytest.mark.parametrize("error", [RedisConnectionError("gone"), OperationalError("gone")])
def test_without_a_broker_no_worker_answers(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def ping(*args: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(app.control, "ping", ping)
    assert not worker_answers("gpu")


@pytest.mark.parametrize("queues", [("-Q", "gpu"), ("-Q", "training,default"), ()])
def test_one_that_draws_refuses_several_devices(queues: tuple[str, ...]) -> None:
    done = forking.run(*CELERY, *queues, cwd=ROOT, env={**os.environ, "RENDER_DEVICE": "cuda:0,cuda:1"})
    assert done.returncode == 1
    assert "RENDER_DEVICE names several devices (cuda:0, cuda:1)" in done.stderr
    assert "Traceback" not in done.stderr
