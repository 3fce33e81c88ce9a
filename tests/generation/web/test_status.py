"""The public status page."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.utils import timezone

from accounts.models import User
from generation.models import GpuWorker, Job
from tests.generation.conftest import add_worker


def test_it_works(client: Client, db: None) -> None:
    GpuWorker.objects.create(name="gpu-1", slots=8, work_per_second=1e6, seen_at=timezone.now())
    page = client.get("/status/")
    assert "A new picture starts at once." in page.text
    assert "gpu-1" not in page.text, "names of machines stay inside"


def test_no_worker_is_said(client: Client, db: None) -> None:
    assert "No worker is at work right now" in client.get("/status/").text


def test_the_wait_is_work_over_speed(client: Client, alice: User, queue: Callable[..., list[Job]]) -> None:
    queue(alice, count=3)
    add_worker(work_per_second=128 * 128 * 4 / 10)
    page = client.get("/status/").text
    assert "3 wait in line" in page
    assert "30 s" in page
    assert "a red apple" not in page
