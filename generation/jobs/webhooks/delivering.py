"""The queue of webhooks: what is due is sent, what fails is tried again later and later, and what never works ends.

One round at a time and few messages of one person at once: an address that hangs delays nobody else's.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from accounts.sealing import unseal
from generation.jobs.webhooks import sending
from generation.jobs.webhooks.sending import Outcome
from generation.jobs.webhooks.signing import WEBHOOKS, signature
from generation.messages import wakeups
from generation.models import Webhook, WebhookDelivery

logger = structlog.get_logger(__name__)

State = WebhookDelivery.State

PAUSES = (
    timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2),
    timedelta(hours=5), timedelta(hours=10), timedelta(hours=10),
)  # fmt: skip
"""After each try that failed; after the last one it is given up."""
LEASE = timedelta(minutes=1)
"""A round that is killed while it sends is made up for by the next try after so long."""
AT_ONCE = 8
OF_ONE_PERSON = 4
ROUND_SECONDS = 60.0
GIVEN_UP_AFTER = timedelta(days=5)
"""An address at which nothing has arrived for so long is switched off."""
KEPT_FOR = timedelta(days=30)
GONE = 410
UNSIGNED = "The site's key has changed, so that this cannot be signed. Ask for another secret."


def deliver_due() -> int:
    """Send what is due; how many messages arrived."""
    if not settings.WEBHOOK_HOSTS or not cache.add("webhook-round", 1, timeout=int(2 * ROUND_SECONDS)):
        return 0
    try:
        return _round()
    finally:
        cache.delete("webhook-round")


def _round() -> int:
    arrived, until = 0, time.monotonic() + ROUND_SECONDS
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
        while time.monotonic() < until:
            batch = [delivery for delivery in next_due() if claim(delivery)]
            if not batch:
                break
            outcomes = pool.map(send, batch)
            arrived += sum(_keep(delivery, outcome) for delivery, outcome in zip(batch, outcomes, strict=True))
    return arrived


def next_due() -> list[WebhookDelivery]:
    """What is sent next: of the person who has waited longest a few, of the next one a few."""
    due = WebhookDelivery.objects.due().select_related("webhook")
    chosen: list[WebhookDelivery] = []
    people: set[int] = set()
    while len(chosen) < AT_ONCE and (first := due.exclude(webhook__owner__in=people).first()) is not None:
        owner = first.webhook.owner_id
        chosen += due.filter(webhook__owner=owner)[:OF_ONE_PERSON]
        people.add(owner)
    return chosen[:AT_ONCE]


def claim(delivery: WebhookDelivery) -> bool:
    """Count the try and set the next one; False when somebody else has just done so."""
    rows = WebhookDelivery.objects.waiting().filter(pk=delivery.pk, attempts=delivery.attempts)
    delivery.attempts += 1
    return bool(rows.update(attempts=delivery.attempts, next_try_at=timezone.now() + LEASE))


def send(delivery: WebhookDelivery) -> Outcome:
    """In a thread of the round's own: it asks no database."""
    secrets = secrets_of(delivery.webhook)
    if not secrets:
        return Outcome(None, UNSIGNED, 0)
    identity, timestamp = f"msg_{delivery.code}", int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Tempera-Webhooks/1",
        "webhook-id": identity,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secrets, identity, timestamp, delivery.body),
    }
    return sending.post(delivery.webhook.url, delivery.body.encode(), headers)


def secrets_of(webhook: Webhook) -> list[str]:
    """Those that sign now; none where all were sealed with a key that the site has not any more."""
    sealed = [webhook.secret]
    if webhook.former_until is not None and webhook.former_until > timezone.now():
        sealed.append(webhook.former_secret)
    return [secret for each in sealed if (secret := unseal(each, WEBHOOKS))]


@transaction.atomic
def _keep(delivery: WebhookDelivery, outcome: Outcome) -> bool:
    """Write down what came of a try, and what follows from it."""
    row = WebhookDelivery.objects.waiting().filter(pk=delivery.pk, attempts=delivery.attempts)
    now = timezone.now()
    told = {
        "status": outcome.status, "error": outcome.error, "milliseconds": outcome.milliseconds, "tried_at": now,
    }  # fmt: skip
    hooks = Webhook.objects.filter(pk=delivery.webhook_id)
    if outcome.arrived:
        row.update(state=State.DELIVERED, **told)
        hooks.exclude(failing_since=None).update(failing_since=None)
        return True
    hooks.filter(failing_since=None).update(failing_since=now)
    if delivery.attempts > len(PAUSES):
        row.update(state=State.FAILED, **told)
    else:
        later = now + PAUSES[delivery.attempts - 1]
        row.update(next_try_at=later, **told)
        # An address that does not work is asked by one message, and not by each that waits for it.
        others = WebhookDelivery.objects.waiting().filter(webhook=delivery.webhook_id, next_try_at__lt=later)
        others.exclude(pk=delivery.pk).update(next_try_at=later)
    _switch_off(hooks.filter(is_enabled=True), outcome)
    logger.info("webhook_failed", webhook=delivery.webhook.code, attempts=delivery.attempts, error=outcome.error)
    return False


def _switch_off(hooks: Iterable[Webhook], outcome: Outcome) -> None:
    """An address that says itself that it is gone, or at which nothing arrives any more."""
    for hook in hooks:
        if outcome.status == GONE:
            reason = "Its server says that it is gone (410)."
        elif hook.failing_since is not None and hook.failing_since < timezone.now() - GIVEN_UP_AFTER:
            reason = f"Nothing has arrived there for {GIVEN_UP_AFTER.days} days."
        else:
            continue
        hook.is_enabled, hook.disabled_reason = False, reason
        hook.save(update_fields=["is_enabled", "disabled_reason"])


def recover() -> int:
    """Wake the worker for what is due, in case that a message was lost; how many wait for it."""
    due = WebhookDelivery.objects.due().count() if settings.WEBHOOK_HOSTS else 0
    if due:
        wakeups.send(wakeups.Task.DELIVER_WEBHOOKS)
    return due


def prune() -> int:
    """Forget what was sent or given up long ago; how many messages."""
    gone, _ = WebhookDelivery.objects.older_than(KEPT_FOR).delete()
    return gone
