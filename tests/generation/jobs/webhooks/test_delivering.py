"""The queue of webhooks: signed, once, again later where it failed, and no address at the cost of another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.models import User
from generation import tasks
from generation.jobs.webhooks import delivering, sending
from generation.jobs.webhooks.delivering import PAUSES, deliver_due
from generation.jobs.webhooks.endpoints import create_webhook, rotate_secret
from generation.jobs.webhooks.sending import Outcome
from generation.jobs.webhooks.signing import signature
from generation.messages.wakeups import Task
from generation.models import Webhook, WebhookDelivery
from tests.generation.jobs.webhooks.conftest import ARRIVED, BROKEN, URL, MakeHook, Wire

Waiting = Callable[..., WebhookDelivery]
State = WebhookDelivery.State


def make_due() -> None:
    WebhookDelivery.objects.waiting().update(next_try_at=timezone.now())


def test_it_is_sent_once_and_signed(alice: User, wire: Wire, waiting: Waiting) -> None:
    hook, secret = create_webhook(alice, URL)
    delivery = waiting(alice, hook, body='{"type":"job.done"}')
    assert deliver_due() == 1
    ((url, body, headers),) = wire.sent
    assert (url, body) == (URL, b'{"type":"job.done"}')
    assert headers["webhook-id"] == f"msg_{delivery.code}"
    timestamp = int(headers["webhook-timestamp"])
    assert abs(timestamp - timezone.now().timestamp()) < 60
    assert headers["webhook-signature"] == signature([secret], headers["webhook-id"], timestamp, body.decode())
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status, delivery.attempts, delivery.milliseconds) == (State.DELIVERED, 204, 1, 12)
    assert deliver_due() == 0 and len(wire.sent) == 1


def test_both_secrets_sign_for_a_day(alice: User, wire: Wire, waiting: Waiting) -> None:
    hook, first = create_webhook(alice, URL)
    second = rotate_secret(hook)
    waiting(alice, hook)
    deliver_due()
    Webhook.objects.update(former_until=timezone.now())
    waiting(alice, hook)
    deliver_due()
    for (_, body, headers), secrets in zip(wire.sent, ([second, first], [second]), strict=True):
        head = headers["webhook-id"], int(headers["webhook-timestamp"]), body.decode()
        assert headers["webhook-signature"] == signature(secrets, *head)


def test_what_failed_is_tried_again_later_and_later(alice: User, wire: Wire, waiting: Waiting) -> None:
    wire.outcome = BROKEN
    delivery = waiting(alice)
    for number, pause in enumerate(PAUSES, 1):
        began = timezone.now()
        assert deliver_due() == 0
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts, delivery.error) == (State.WAITING, number, "It answered 500.")
        assert timedelta(0) <= delivery.next_try_at - began - pause < timedelta(seconds=30)
        assert deliver_due() == 0 and len(wire.sent) == number, "it is not due yet"
        make_due()
    deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (State.FAILED, len(PAUSES) + 1)
    make_due()
    assert deliver_due() == 0 and len(wire.sent) == len(PAUSES) + 1
    assert len({headers["webhook-id"] for _, _, headers in wire.sent}) == 1


def test_it_works_again(alice: User, wire: Wire, waiting: Waiting) -> None:
    wire.outcome = BROKEN
    delivery = waiting(alice)
    deliver_due()
    assert Webhook.objects.get().failing_since is not None
    wire.outcome = ARRIVED
    make_due()
    assert deliver_due() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error) == (State.DELIVERED, "")
    assert Webhook.objects.get().failing_since is None


def test_an_address_that_fails_is_asked_by_one_message(
    alice: User, wire: Wire, waiting: Waiting, make_hook: MakeHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "OF_ONE_PERSON", 1)
    wire.outcome = BROKEN
    hook = make_hook(alice)
    for _ in range(5):
        waiting(alice, hook)
    deliver_due()
    assert len(wire.sent) == 1 and not WebhookDelivery.objects.due().exists()


def test_a_person_with_much_delays_nobody(
    alice: User, charlie: User, wire: Wire, waiting: Waiting, make_hook: MakeHook
) -> None:
    hook = make_hook(alice)
    for _ in range(50):
        waiting(alice, hook, next_try_at=timezone.now() - timedelta(hours=1))
    charlies = waiting(charlie)
    chosen = delivering.next_due()
    assert len(chosen) == delivering.OF_ONE_PERSON + 1 and charlies in chosen
    assert deliver_due() == 51


def test_an_address_that_is_gone_is_switched_off(alice: User, wire: Wire, waiting: Waiting) -> None:
    wire.outcome = Outcome(410, "It answered 410.", 1)
    waiting(alice)
    deliver_due()
    hook = Webhook.objects.get()
    assert not hook.is_enabled and "410" in hook.disabled_reason
    make_due()
    assert deliver_due() == 0 and len(wire.sent) == 1


@pytest.mark.parametrize(("days", "is_enabled"), [(4, True), (6, False)])
def test_an_address_at_which_nothing_arrives_is_switched_off(
    alice: User, wire: Wire, waiting: Waiting, days: int, is_enabled: bool
) -> None:
    wire.outcome = BROKEN
    waiting(alice)
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=days))
    deliver_due()
    assert Webhook.objects.get().is_enabled == is_enabled


def test_nobody_who_has_left_is_told(alice: User, wire: Wire, waiting: Waiting) -> None:
    waiting(alice)
    User.objects.update(is_active=False)
    assert deliver_due() == 0 and wire.sent == []


def test_an_operator_who_takes_the_hosts_back_stops_it(
    alice: User, wire: Wire, waiting: Waiting, settings: Any
) -> None:
    waiting(alice)
    settings.WEBHOOK_HOSTS = []
    assert deliver_due() == 0 and delivering.recover() == 0 and wire.sent == []


def test_a_key_that_is_lost_is_told(alice: User, wire: Wire, waiting: Waiting, settings: Any) -> None:
    delivery = waiting(alice)
    settings.SECRET_KEY = "another"
    deliver_due()
    delivery.refresh_from_db()
    assert wire.sent == [] and "another secret" in delivery.error


def test_one_round_at_a_time(alice: User, wire: Wire, waiting: Waiting) -> None:
    waiting(alice)
    cache.add("webhook-round", 1)
    assert deliver_due() == 0 and wire.sent == []
    cache.delete("webhook-round")
    assert deliver_due() == 1


def test_who_claims_second_gets_nothing(alice: User, waiting: Waiting) -> None:
    first = waiting(alice)
    second = WebhookDelivery.objects.get(pk=first.pk)
    assert delivering.claim(first) and not delivering.claim(second)


def test_a_round_that_died_is_made_up_for(alice: User, wire: Wire, waiting: Waiting) -> None:
    delivery = waiting(alice)
    assert delivering.claim(delivery)
    assert deliver_due() == 0
    make_due()
    assert deliver_due() == 1


def test_slow_addresses_are_asked_at_once(
    alice: User, charlie: User, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(8, timeout=5)

    def post(url: str, body: bytes, headers: dict[str, str]) -> Outcome:
        together.wait()
        return ARRIVED

    monkeypatch.setattr(sending, "post", post)
    for user in (alice, charlie):
        for _ in range(4):
            waiting(user)
    assert deliver_due() == 8


def test_a_lost_wakeup_is_sent_again(alice: User, waiting: Waiting, wakeups_sent: list[Any]) -> None:
    assert delivering.recover() == 0 and wakeups_sent == []
    waiting(alice)
    assert delivering.recover() == 1 and wakeups_sent == [(Task.DELIVER_WEBHOOKS,)]


def test_the_task_delivers_and_old_messages_are_forgotten(alice: User, wire: Wire, waiting: Waiting) -> None:
    old, _ = waiting(alice), waiting(alice)
    assert tasks.deliver_webhooks() == 2
    WebhookDelivery.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    assert tasks.prune()["webhook_deliveries"] == 1
    assert WebhookDelivery.objects.count() == 1
