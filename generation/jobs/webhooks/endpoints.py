"""What a person does with their webhooks: name an address, change it, get another secret, have something sent again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.quotas import hold_account
from accounts.refusals import Conflict, NotFound, QuotaExceeded, Refusal
from accounts.sealing import seal
from generation.jobs.webhooks.addresses import check_url
from generation.jobs.webhooks.announcing import write_deliveries
from generation.jobs.webhooks.signing import WEBHOOKS, new_secret
from generation.messages import wakeups
from generation.models import Webhook, WebhookDelivery, WebhookEvent

MAX_WEBHOOKS = 10
FORMER_SECRET_HOLDS = timedelta(hours=24)
CHOSEN = [event.value for event in WebhookEvent if event != WebhookEvent.TEST]
"""What an address may be told of without being asked."""


def create_webhook(user: User, url: str, events: Sequence[str] = ()) -> tuple[Webhook, str]:
    """An address that is told of these events, of all when none is named, and its secret, which is told only now."""
    check_url(url)
    chosen, secret = check_events(events or CHOSEN), new_secret()
    with transaction.atomic():
        hold_account(user)
        if Webhook.objects.of(user).filter(url=url).exists():
            raise already_there()
        if Webhook.objects.of(user).count() >= MAX_WEBHOOKS:
            sentence = f"You may have {MAX_WEBHOOKS} webhooks. Delete one to make another."
            raise QuotaExceeded("too-many-webhooks", sentence)
        return Webhook.objects.create(owner=user, url=url, events=chosen, secret=seal(secret, WEBHOOKS)), secret


def own_webhook(user: User, code: str) -> Webhook:
    webhook = Webhook.objects.of(user).filter(code=code).first()
    if webhook is None:
        raise NotFound("not-found", "There is no such webhook, or it is not yours.")
    return webhook


def own_delivery(webhook: Webhook, code: str) -> WebhookDelivery:
    delivery = WebhookDelivery.objects.filter(webhook=webhook, code=code).first()
    if delivery is None:
        raise NotFound("not-found", "There is no such delivery.")
    return delivery


def change_webhook(
    webhook: Webhook, url: str | None = None, events: Sequence[str] | None = None, is_enabled: bool | None = None
) -> None:
    """Change what is given. Switched on again, it is told what waits for it."""
    changed: list[str] = []
    if url is not None:
        check_url(url)
        webhook.url = url
        changed.append("url")
    if events is not None:
        webhook.events = check_events(events)
        changed.append("events")
    if is_enabled is not None:
        webhook.is_enabled, webhook.disabled_reason, webhook.failing_since = is_enabled, "", None
        changed += ["is_enabled", "disabled_reason", "failing_since"]
    try:
        with transaction.atomic():
            webhook.save(update_fields=changed)
    except IntegrityError as error:
        raise already_there() from error
    if is_enabled:
        transaction.on_commit(lambda: wakeups.send(wakeups.Task.DELIVER_WEBHOOKS))


def already_there() -> Conflict:
    """So that a request that is sent again makes no second one."""
    sentence = "This address is one of your webhooks already. Get another secret if you have lost it."
    return Conflict("webhook-exists", sentence, field="url")


def check_events(events: Sequence[str]) -> list[str]:
    unknown = [event for event in events if event not in CHOSEN]
    if unknown or not events:
        raise Refusal("bad-events", f"Choose among these events: {', '.join(CHOSEN)}.", field="events")
    return list(dict.fromkeys(events))


def rotate_secret(webhook: Webhook) -> str:
    """Another secret, told only now; the former one signs beside it for a day, so that no message is turned away.

    Asked again within that day, as after an answer that was lost, it replaces the new one and keeps the former.
    """
    secret, now = new_secret(), timezone.now()
    if webhook.former_until is None or webhook.former_until < now:
        webhook.former_secret, webhook.former_until = webhook.secret, now + FORMER_SECRET_HOLDS
    webhook.secret = seal(secret, WEBHOOKS)
    webhook.save(update_fields=["secret", "former_secret", "former_until"])
    return secret


@transaction.atomic
def send_test(webhook: Webhook) -> WebhookDelivery:
    """Have a message sent that says nothing, to try the address."""
    check_url(webhook.url)
    if not webhook.is_enabled:
        raise Conflict("webhook-off", "This webhook is switched off. Switch it on first.")
    (delivery,) = write_deliveries([webhook], WebhookEvent.TEST, {"webhook": webhook.code})
    return delivery


@transaction.atomic
def redeliver(delivery: WebhookDelivery) -> None:
    """Have it sent once more, with the same identity: whoever had it already knows it again."""
    check_url(delivery.webhook.url)
    ended = WebhookDelivery.objects.filter(pk=delivery.pk).exclude(state=WebhookDelivery.State.WAITING)
    if not ended.update(state=WebhookDelivery.State.WAITING, attempts=0, next_try_at=timezone.now()):
        raise Conflict("still-waiting", "This delivery waits already; it is tried again by itself.")
    transaction.on_commit(lambda: wakeups.send(wakeups.Task.DELIVER_WEBHOOKS))
