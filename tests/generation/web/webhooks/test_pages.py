"""The pages of webhooks: a secret is shown once, the log tells what arrived, and charlie gets 404."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.sealing import unseal
from generation.jobs.webhooks.delivering import deliver_due
from generation.jobs.webhooks.endpoints import CHOSEN
from generation.jobs.webhooks.signing import WEBHOOKS
from generation.models import Webhook, WebhookDelivery
from tests.generation.jobs.webhooks.conftest import BROKEN, HOST, URL, MakeHook, Wire

LIST = "/account/webhooks/"


def secret_on(page: str) -> str:
    found = re.search(r'id="new-secret" value="([^"]+)"', page)
    return html.unescape(found[1]) if found else ""


def test_one_is_made_and_its_secret_shown_once(alices: Client) -> None:
    page = alices.post(LIST, {"url": URL, "events": CHOSEN}).text
    hook = Webhook.objects.get()
    assert secret_on(page) == unseal(hook.secret, WEBHOOKS) and hook.events == CHOSEN
    assert not secret_on(alices.get(LIST).text) and not secret_on(alices.get(f"{LIST}{hook.code}/").text)
    assert html.escape(URL) in alices.get(LIST).text


@pytest.mark.parametrize(
    ("url", "status", "sentence"),
    [
        ("https://evil.example/", 403, "Webhooks of this site go to"),
        (f"http://{HOST}/", 400, "A webhook&#x27;s address is https"),
        ("", 400, "This field is required"),
    ],
)
def test_what_is_refused_is_said_at_the_field(alices: Client, url: str, status: int, sentence: str) -> None:
    answer = alices.post(LIST, {"url": url, "events": CHOSEN})
    assert (answer.status_code, sentence in answer.text) == (status, True)
    assert not Webhook.objects.exists()


def test_a_site_that_allows_no_hosts_says_so(alices: Client, settings: Any) -> None:
    settings.WEBHOOK_HOSTS = []
    page = alices.get(LIST).text
    assert "its operator has allowed no hosts" in page and "Make a webhook" not in page


def test_the_secret_is_replaced_after_a_question(alices: Client, alice: User, make_hook: MakeHook) -> None:
    hook = make_hook(alice)
    address = f"{LIST}{hook.code}/secret/"
    before = unseal(hook.secret, WEBHOOKS)
    assert "Replace the secret?" in alices.get(address).text
    page = alices.post(address).text
    hook.refresh_from_db()
    assert secret_on(page) == unseal(hook.secret, WEBHOOKS) != before and unseal(hook.former_secret, WEBHOOKS) == before
    assert "signs too until" in page


def test_the_log_tells_and_sends_again(alices: Client, alice: User, make_hook: MakeHook, wire: Wire) -> None:
    hook = make_hook(alice)
    wire.outcome = BROKEN
    assert alices.post(f"{LIST}{hook.code}/test/").status_code == 302
    deliver_due()
    page = alices.get(f"{LIST}{hook.code}/").text
    assert "webhook.test" in page and "It answered 500." in page and "Send again" not in page.partition("<tbody>")[2]
    WebhookDelivery.objects.update(state="failed")
    delivery = WebhookDelivery.objects.get()
    again = f"{LIST}{hook.code}/deliveries/{delivery.code}/again/"
    assert again in alices.get(f"{LIST}{hook.code}/").text
    assert alices.post(again).status_code == 302
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("waiting", 0)


def test_it_is_switched_off_and_on_and_deleted(alices: Client, alice: User, make_hook: MakeHook) -> None:
    hook = make_hook(alice)
    for expected in (False, True):
        alices.post(f"{LIST}{hook.code}/switch/")
        hook.refresh_from_db()
        assert hook.is_enabled is expected
    assert "Delete this webhook?" in alices.get(f"{LIST}{hook.code}/delete/").text
    alices.post(f"{LIST}{hook.code}/delete/")
    assert not Webhook.objects.exists()


def test_what_cannot_be_done_is_said(alices: Client, alice: User, make_hook: MakeHook) -> None:
    hook = make_hook(alice)
    alices.post(f"{LIST}{hook.code}/switch/")
    answer = alices.post(f"{LIST}{hook.code}/test/", follow=True)
    assert "This webhook is switched off." in answer.text


def test_charlie_gets_404(charlies: Client, alice: User, charlie: User, make_hook: MakeHook) -> None:
    hook, mine = make_hook(alice), make_hook(charlie)
    delivery = WebhookDelivery.objects.create(webhook=hook, event="job.done", body="{}", state="failed")
    assert charlies.get(f"{LIST}{hook.code}/").status_code == 404
    for verb in ("secret", "test", "switch", "delete", f"deliveries/{delivery.code}/again"):
        assert charlies.post(f"{LIST}{hook.code}/{verb}/").status_code == 404, verb
    assert charlies.post(f"{LIST}{mine.code}/deliveries/{delivery.code}/again/").status_code == 404
    hook.refresh_from_db()
    assert hook.is_enabled and html.escape(hook.url) in charlies.get(LIST).text, "charlie has named the same address"
    assert f"{LIST}{hook.code}/" not in charlies.get(LIST).text
