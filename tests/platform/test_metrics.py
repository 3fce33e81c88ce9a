"""`/metrics`: rows, and what all processes counted, as Prometheus reads them; for staff alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.test import APIClient

from accounts.models import ApiToken, Plan, User
from generation.engine.batching.metrics import EngineMetrics
from generation.engine.outcome import Step
from generation.jobs.lifecycle import fail_job
from generation.jobs.queueing import claim_next
from generation.messages import broker
from generation.messages import counters as counters_module
from generation.messages.counters import Counters
from generation.models import GeneratedImage, GpuWorker, Job
from generation.tasks import recover
from generation.worker import drawing


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


def test_what_waits_by_plan(staff: Client, alice: User, charlie: User, queue: Callable[..., list[Job]]) -> None:
    paid = Plan.objects.create(name="Paid")
    User.objects.filter(pk=alice.pk).update(plan=paid)
    queue(alice, count=2)
    Job.objects.update(created_at=timezone.now() - timedelta(seconds=90))
    seen = scraped(staff)
    free = Plan.default().name
    assert (seen["tempera_queue_jobs", "Paid"], seen["tempera_queue_jobs", free]) == (2, 0)
    assert 90 <= seen["tempera_queue_oldest_seconds", "Paid"] < 150 and seen["tempera_queue_oldest_seconds", free] == 0
    held = sum(Job.objects.values_list("credits", flat=True))
    assert seen["tempera_credits_held",] == held > 0
    assert (seen["tempera_credits_granted",], seen["tempera_credits_settled",]) == (1000, 0)
    assert seen["tempera_paused",] == 0


def test_endings_and_storage(
    staff: Client, alice: User, draw: Callable[..., GeneratedImage], queue: Callable[..., list[Job]],
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    before = scraped(staff)
    cache.clear()
    with django_capture_on_commit_callbacks(execute=True):
        image = draw(alice)
        queue(alice)
        job = claim_next("w")
        assert job is not None
        fail_job(job, "weights-missing", "Gone.")
    seen = scraped(staff)
    for state, code in (("done", ""), ("failed", "weights-missing")):
        key = ("tempera_jobs_ended_total", *sorted((state, code)))
        assert seen[key] - before.get(key, 0) >= 1
    assert seen["tempera_storage_bytes", "pictures"] == image.size_bytes
    assert image.job is not None and seen["tempera_credits_settled",] == image.job.credits
    assert 0 < seen["tempera_disk_free_bytes", "data"] < seen["tempera_disk_size_bytes", "data"]


def test_requests_by_route_and_never_by_address(staff: Client, client: Client) -> None:
    client.get("/gallery/somebody/")
    client.get("/nowhere/at/all")
    page = staff.get("/metrics").text
    assert 'route="gallery/<slug:code>/",status="404"' in page and 'route="none",status="404"' in page
    assert "somebody" not in page and "nowhere" not in page
    seen = scraped(staff)
    count = seen["tempera_http_request_seconds_count", "GET", "gallery/<slug:code>/"]
    assert count == seen["tempera_http_request_seconds_bucket", *sorted(("+Inf", "GET", "gallery/<slug:code>/"))] >= 1


def test_processes_are_added_up(staff: Client) -> None:
    """Two web processes count the same route; a third is away with the broker and tells it later."""
    before = scraped(staff)
    first, second = Counters(), Counters()
    for process in (first, second):
        process.start = lambda: None  # type: ignore[method-assign]
        process.add("http_requests", "GET", "two/", "200", amount=2)
        process.observe("http_request_seconds", "GET", "two/", value=0.3)
        process.change("sockets_open", "pages", by=3)
    second.change("sockets_open", "pages", by=-1)
    assert first.flush() and second.flush() and second.flush()
    seen = scraped(staff)
    assert seen["tempera_http_requests_total", "200", "GET", "two/"] == 4
    buckets = [seen["tempera_http_request_seconds_bucket", *sorted((most, "GET", "two/"))] for most in ("0.25", "0.5")]
    assert buckets == [0, 2] and seen["tempera_http_request_seconds_sum", "GET", "two/"] == pytest.approx(0.6)
    assert seen["tempera_sockets_open", "pages"] - before.get(("tempera_sockets_open", "pages"), 0) == 5
    broker.connection().delete(first.key)
    assert scraped(staff)["tempera_sockets_open", "pages"] - before.get(("tempera_sockets_open", "pages"), 0) == 2


def test_counts_wait_for_the_broker(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    process = Counters()
    process.start = lambda: None  # type: ignore[method-assign]
    process.add("previews_dropped", "late")
    away = redis.Redis(port=1, retry=Retry(NoBackoff(), 0))
    with monkeypatch.context() as patch:
        patch.setattr(counters_module, "connection", lambda: away)
        assert not process.flush()
    away.close()
    assert process.flush()
    assert counters_module.totals()["previews_dropped", "late"] == 1


def test_tasks_and_previews(staff: Client, alice: User, queue: Callable[..., list[Job]]) -> None:
    before = scraped(staff)
    recover.apply()
    previews = drawing.Previews(queue(alice)[0])
    for index in range(3):
        previews.show(Step(index, 4, None, 1.0))
    seen = scraped(staff)

    def more(*key: str) -> float:
        return seen[key] - before.get(key, 0)

    assert more("tempera_celery_tasks_total", "generation.tasks.recover", "success") == 1
    assert more("tempera_celery_task_seconds_count", "generation.tasks.recover") == 1
    assert more("tempera_previews_dropped_total", "too-soon") == 2


def test_a_scrape_takes_as_many_queries_however_much_there_is(
    staff: Client, alice: User, queue: Callable[..., list[Job]], django_assert_max_num_queries: Any
) -> None:
    queue(alice, count=3)
    for number in range(5):
        GpuWorker.objects.create(name=f"w{number}", seen_at=timezone.now())
    with django_assert_max_num_queries(28):
        scraped(staff)
