"""`/metrics`: the rows as Prometheus reads them, for staff alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from generation.engine.batching.metrics import EngineMetrics
from generation.models import GpuWorker, Job


def scraped(client: Client) -> dict[tuple[str, ...], float]:
    """Samples by name and the sorted values of their labels, as Prometheus' own parser reads the page."""
    response = client.get("/metrics")
    assert response.status_code == 200 and response["Content-Type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(response.content.decode())
    return {(row.name, *sorted(row.labels.values())): row.value for family in families for row in family.samples}


@pytest.fixture
def staff(client: Client, bob: User) -> Client:
    bob.is_staff = True
    bob.save(update_fields=["is_staff"])
    client.force_login(bob)
    return client


def test_it_works(staff: Client, alice: User, queue: Callable[..., list[Job]]) -> None:
    queue(alice, count=3)
    engine = EngineMetrics()
    for rows, seconds in ((2, 0.25), (2, 0.25), (7, 0.5), (40, 1.0)):
        engine.stepped(rows, seconds)
    engine.admitted(1.5)
    engine.ended("finished")
    engine.ended("not-finite")
    GpuWorker.objects.create(
        name="gpu-1", device="cpu", slots=8, running=2, work_per_second=1e6, seen_at=timezone.now(),
        metrics=asdict(engine.snapshot()),
    )  # fmt: skip
    seen = scraped(staff)
    assert (seen["tempera_jobs", "queued"], seen["tempera_jobs", "running"], seen["tempera_workers",]) == (3, 0, 1)
    assert seen["tempera_worker_slots", "cpu", "gpu-1"] == 8
    assert [seen["tempera_batch_rows_bucket", most, "gpu-1"] for most in ("1.0", "2.0", "8.0", "32.0", "+Inf")] == [
        0, 2, 3, 3, 4,
    ]  # fmt: skip
    assert (seen["tempera_batch_rows_sum", "gpu-1"], seen["tempera_batch_rows_count", "gpu-1"]) == (51, 4)
    assert (seen["tempera_step_seconds_sum", "gpu-1"], seen["tempera_step_seconds_count", "gpu-1"]) == (2.0, 4)
    waits = seen["tempera_queue_wait_seconds_sum", "gpu-1"], seen["tempera_queue_wait_seconds_count", "gpu-1"]
    assert waits == (1.5, 1)
    assert seen["tempera_renders_total", "gpu-1", "not-finite"] == 1


def test_a_worker_that_has_drawn_nothing_and_one_that_is_gone(staff: Client) -> None:
    GpuWorker.objects.create(name="new", seen_at=timezone.now())
    GpuWorker.objects.create(name="gone", seen_at=timezone.now() - timedelta(minutes=5))
    seen = scraped(staff)
    assert seen["tempera_workers",] == 1
    assert ("tempera_worker_slots", "", "new") in seen and ("tempera_worker_slots", "", "gone") not in seen


def test_only_staff_may_read_it(client: Client, alice: User) -> None:
    assert client.get("/metrics").status_code == 401
    client.force_login(alice)
    assert client.get("/metrics").status_code == 403


def test_a_scraper_brings_a_staff_members_token(staff: Client, bob: User) -> None:
    _, token = ApiToken.objects.create(user=bob, name="prometheus")
    scraper = APIClient(headers={"Authorization": f"Bearer {token}"})
    assert scraper.get("/metrics").status_code == 200
