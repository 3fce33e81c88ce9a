"""What webhooks are told when a job ends: written down in the transaction that ends it, and sent afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from generation.messages import wakeups
from generation.models import Job, Webhook, WebhookDelivery, WebhookEvent

EVENTS = {
    Job.State.DONE: WebhookEvent.JOB_DONE,
    Job.State.FAILED: WebhookEvent.JOB_FAILED,
    Job.State.CANCELLED: WebhookEvent.JOB_CANCELLED,
}


def announce_end(job: Job, state: Job.State, image: str = "", error_code: str = "", error_message: str = "") -> None:
    """Write what the webhooks of the job's owner are to be told. Call in the transaction that ends the job.

    `image` is the code of its picture. A site that allows no hosts has nothing to look up.
    """
    if not settings.WEBHOOK_HOSTS:
        return
    event = EVENTS[state]
    hooks = [hook for hook in Webhook.objects.of(job.owner_id).enabled() if event in hook.events]
    if hooks:
        told = {"code": job.code, "submission": job.submission, "state": state.value, "image": image or None}
        errors = {"error_code": error_code, "error_message": error_message}
        write_deliveries(hooks, event, {**told, **errors})


def write_deliveries(hooks: Iterable[Webhook], event: WebhookEvent, data: Mapping[str, Any]) -> list[WebhookDelivery]:
    """One message to several addresses, which is sent on once the transaction holds."""
    body = json.dumps(
        {"type": event.value, "timestamp": timezone.now().isoformat(), "data": data},
        separators=(",", ":"),
        ensure_ascii=False,
    )
    deliveries = WebhookDelivery.objects.bulk_create(
        WebhookDelivery(webhook=hook, event=event, body=body) for hook in hooks
    )
    transaction.on_commit(lambda: wakeups.send(wakeups.Task.DELIVER_WEBHOOKS))
    return deliveries
