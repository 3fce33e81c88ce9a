"""Webhooks over the API: a secret is told once, what was sent can be looked at and sent again, and charlie gets 404."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from knox.models import get_token_model
from rest_framework.test import APIClient

from accounts.models import User
from accounts.sealing import unseal
from generation.jobs.webhooks.delivering import deliver_due
from generation.jobs.webhooks.endpoints import CHOSEN, MAX_WEBHOOKS
from generation.jobs.webhooks.signing import WEBHOOKS
from generation.models import KeptAnswer, Webhook, WebhookDelivery
from tests.generation.jobs.webhooks.conftest import BROKEN, URL, MakeHook, Wire

LIST = "/api/v1/webhooks"


def make(api: APIClient, **fields: Any) -> Any:
    return api.post(LIST, {"url": URL, **fields}, format="json")


def test_a_webhook_is_made_and_its_secret_told_once(alices_api: APIClient) -> None:
    answer = make(alices_api)
    assert answer.status_code == 201
    hook = Webhook.objects.get()
    assert answer.json() == {"code": hook.code, "secret": unseal(hook.secret, WEBHOOKS)}
    assert answer.json()["secret"].startswith("whsec_")
    shown = alices_api.get(f"{LIST}/{hook.code}").json()
    assert (shown["url"], shown["events"], shown["is_enabled"]) == (URL, CHOSEN, True)
    assert "secret" not in shown and "secret" not in str(alices_api.get(LIST).json())


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"url": "http://hooks.example.org/"}, 400, "bad-address"),
        ({"url": "https://evil.example/"}, 403, "host-not-allowed"),
        ({"url": "https://127.0.0.1/"}, 403, "host-not-allowed"),
        ({"url": ""}, 400, "invalid"),
        ({"url": "https://hooks.example.org/" + "x" * 500}, 400, "invalid"),
        ({"events": ["job.eaten"]}, 400, "invalid"),
        ({"events": ["webhook.test"]}, 400, "invalid"),
        ({"events": "job.done"}, 400, "invalid"),
    ],
)
def test_what_is_refused(alices_api: APIClient, fields: dict[str, Any], status: int, code: str) -> None:
    answer = make(alices_api, **fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Webhook.objects.exists()


def test_without_hosts_there_are_none(alices_api: APIClient, settings: Any) -> None:
    settings.WEBHOOK_HOSTS = []
    answer = make(alices_api)
    assert (answer.status_code, answer.json()["code"]) == (403, "webhooks-off")


def test_what_is_not_asked_for_is_not_set(alices_api: APIClient) -> None:
    make(alices_api, secret="whsec_mine", is_enabled=False, owner=1, former_secret="x", code="mine", failing_since="x")
    hook = Webhook.objects.get()
    assert hook.is_enabled and hook.code != "mine" and hook.former_secret == "" and hook.failing_since is None


def test_one_address_is_one_webhook(alices_api: APIClient) -> None:
    code = make(alices_api).json()["code"]
    assert (make(alices_api).status_code, make(alices_api).json()["code"]) == (409, "webhook-exists")
    make(alices_api, url="https://hooks.example.org/b")
    answer = alices_api.patch(f"{LIST}/{code}", {"url": "https://hooks.example.org/b"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "webhook-exists")


def test_there_are_not_too_many(alices_api: APIClient) -> None:
    for number in range(MAX_WEBHOOKS):
        assert make(alices_api, url=f"https://hooks.example.org/{number}").status_code == 201
    assert make(alices_api).json()["code"] == "too-many-webhooks"


def test_it_is_changed_and_removed(alices_api: APIClient) -> None:
    code = make(alices_api).json()["code"]
    changed = alices_api.patch(f"{LIST}/{code}", {"events": ["job.failed"], "is_enabled": False}, format="json")
    assert (changed.json()["events"], changed.json()["is_enabled"]) == (["job.failed"], False)
    refused = alices_api.patch(f"{LIST}/{code}", {"url": "https://evil.example/"}, format="json")
    assert refused.json()["code"] == "host-not-allowed"
    assert alices_api.patch(f"{LIST}/{code}", {"events": []}, format="json").json()["code"] == "bad-events"
    assert alices_api.delete(f"{LIST}/{code}").status_code == 204
    assert not Webhook.objects.exists()


def test_a_secret_is_replaced_and_the_former_one_holds_for_a_day(alices_api: APIClient) -> None:
    made = make(alices_api).json()
    address = f"{LIST}/{made['code']}/secret"
    second, third = (alices_api.post(address).json()["secret"] for _ in range(2))
    hook = Webhook.objects.get()
    assert len({made["secret"], second, third}) == 3
    # The second was asked for again, as after an answer that was lost: what is in use goes on being so.
    assert (unseal(hook.secret, WEBHOOKS), unseal(hook.former_secret, WEBHOOKS)) == (third, made["secret"])
    assert hook.former_until is not None and hook.former_until > timezone.now()


def test_no_kept_answer_holds_a_secret(alices_api: APIClient) -> None:
    code = alices_api.post(LIST, {"url": URL}, format="json", headers={"Idempotency-Key": "k"}).json()["code"]
    alices_api.post(f"{LIST}/{code}/secret", headers={"Idempotency-Key": "l"})
    assert not KeptAnswer.objects.exists()


def test_an_address_is_tried_and_the_log_tells(alices_api: APIClient, wire: Wire) -> None:
    code = make(alices_api).json()["code"]
    answer = alices_api.post(f"{LIST}/{code}/test")
    assert (answer.status_code, answer.json()["event"]) == (202, "webhook.test")
    wire.outcome = BROKEN
    deliver_due()
    (row,) = alices_api.get(f"{LIST}/{code}/deliveries").json()["results"]
    assert (row["state"], row["status"], row["error"], row["attempts"]) == ("waiting", 500, "It answered 500.", 1)
    assert row["id"] == wire.sent[0][2]["webhook-id"] and row["body"] == wire.sent[0][1].decode()


def test_it_is_sent_again_with_the_same_identity(alices_api: APIClient, wire: Wire) -> None:
    code = make(alices_api).json()["code"]
    sent = alices_api.post(f"{LIST}/{code}/test").json()["code"]
    again = f"{LIST}/{code}/deliveries/{sent}/redeliver"
    assert alices_api.post(again).json()["code"] == "still-waiting"
    deliver_due()
    assert alices_api.post(again).json()["state"] == "waiting"
    deliver_due()
    first, second = (headers["webhook-id"] for _, _, headers in wire.sent)
    assert first == second and WebhookDelivery.objects.get().state == "delivered"


def test_one_that_is_off_is_not_tried(alices_api: APIClient) -> None:
    code = make(alices_api).json()["code"]
    alices_api.patch(f"{LIST}/{code}", {"is_enabled": False}, format="json")
    assert alices_api.post(f"{LIST}/{code}/test").json()["code"] == "webhook-off"


def test_charlie_gets_404(alice: User, charlie: User, make_hook: MakeHook) -> None:
    hook = make_hook(alice)
    mine, delivery = make_hook(charlie), WebhookDelivery.objects.create(webhook=hook, event="job.done", body="{}")
    _, key = get_token_model().objects.create(user=charlie)
    api = APIClient(headers={"Authorization": f"Bearer {key}"})
    for method, path in (
        ("get", hook.code), ("patch", hook.code), ("delete", hook.code), ("post", f"{hook.code}/secret"),
        ("post", f"{hook.code}/test"), ("get", f"{hook.code}/deliveries"),
        ("post", f"{hook.code}/deliveries/{delivery.code}/redeliver"),
        ("post", f"{mine.code}/deliveries/{delivery.code}/redeliver"),
    ):  # fmt: skip
        assert getattr(api, method)(f"{LIST}/{path}", {}, format="json").status_code == 404, path
    assert [row["code"] for row in api.get(LIST).json()["results"]] == [mine.code]
