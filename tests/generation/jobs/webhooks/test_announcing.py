"""What webhooks are told: each end of a job, once, in the transaction that ends it; and nobody else's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from generation.jobs import lifecycle
from generation.jobs.queueing import claim_next
from generation.jobs.webhooks.announcing import announce_end
from generation.models import Job, Webhook, WebhookDelivery
from tests.generation.conftest import Draw, Queue
from tests.generation.jobs.webhooks.conftest import MakeHook


def told() -> list[tuple[str, dict[str, Any]]]:
    return [(each.event, json.loads(each.body)) for each in WebhookDelivery.objects.order_by("pk")]


def test_a_picture_that_is_ready(alice: User, make_hook: MakeHook, draw: Draw) -> None:
    make_hook(alice)
    image = draw(alice)
    assert image.job is not None
    ((event, body),) = told()
    assert (event, body["type"]) == ("job.done", "job.done") and body["timestamp"]
    assert body["data"] == {
        "code": image.job.code, "submission": image.job.submission, "state": "done", "image": image.code,
        "error_code": "", "error_message": "",
    }  # fmt: skip


def test_one_that_failed_and_one_that_was_cancelled(alice: User, make_hook: MakeHook, queue: Queue) -> None:
    make_hook(alice)
    failed, cancelled = queue(alice, count=2)
    running = claim_next("w")
    assert running is not None and running.code == failed.code
    assert lifecycle.fail_job(running, "out-of-memory", "The device ran out of memory.")
    lifecycle.cancel_job(cancelled)
    first, second = told()
    assert (first[0], first[1]["data"]["error_code"]) == ("job.failed", "out-of-memory")
    assert (second[0], second[1]["data"]["code"]) == ("job.cancelled", cancelled.code)


def test_what_came_too_late_is_not_told(alice: User, make_hook: MakeHook, queue: Queue) -> None:
    make_hook(alice)
    queue(alice)
    running = claim_next("w")
    assert running is not None
    lifecycle.cancel_job(running)
    assert not lifecycle.fail_job(running, "x", "x")
    assert [event for event, _ in told()] == ["job.cancelled"]


def test_what_is_taken_back_was_never_told(alice: User, make_hook: MakeHook, queue: Queue) -> None:
    make_hook(alice)
    (job,) = queue(alice)
    with pytest.raises(RuntimeError), transaction.atomic():
        lifecycle.cancel_job(job)
        raise RuntimeError
    assert told() == [] and Job.objects.queued().count() == 1


def test_each_address_hears_what_it_chose(alice: User, make_hook: MakeHook, draw: Draw) -> None:
    chosen = [make_hook(alice, "https://hooks.example.org/a"), make_hook(alice, "https://hooks.example.org/b")]
    make_hook(alice, "https://hooks.example.org/c", events=["job.failed"])
    off = make_hook(alice, "https://hooks.example.org/d")
    Webhook.objects.filter(pk=off.pk).update(is_enabled=False)
    draw(alice)
    assert {each.webhook_id for each in WebhookDelivery.objects.all()} == {hook.pk for hook in chosen}


def test_charlie_hears_nothing_of_alices(alice: User, charlie: User, make_hook: MakeHook, draw: Draw) -> None:
    make_hook(charlie)
    draw(alice)
    assert told() == []


def test_a_site_without_hosts_looks_nothing_up(
    alice: User, make_hook: MakeHook, draw: Draw, settings: Any, django_assert_num_queries: Any
) -> None:
    make_hook(alice)
    settings.WEBHOOK_HOSTS = []
    image = draw(alice)
    assert told() == [] and image.job is not None
    with django_assert_num_queries(0):
        announce_end(image.job, Job.State.DONE, image=image.code)
