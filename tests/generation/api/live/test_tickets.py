"""Tickets for live lines: for programs alone, once, for seconds, and kept where nobody can read them."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from generation.messages import tickets
from generation.messages.broker import connection

URL = "/api/v1/lines"


def test_a_ticket_stands_for_its_token_once(alices_api: APIClient, alice: User) -> None:
    answer = alices_api.post(URL)
    assert (answer.status_code, answer.json()["address"], answer.json()["seconds"]) == (201, "/ws/jobs/", 30)
    ticket = answer.json()["ticket"]
    assert tickets.redeem(ticket) == (alice.pk, ApiToken.objects.get().digest)
    assert tickets.redeem(ticket) is None


def test_it_is_kept_as_a_digest_and_for_seconds(alices_api: APIClient) -> None:
    ticket = alices_api.post(URL).json()["ticket"]
    keys = [key.decode() for key in connection().scan_iter("tempera:ticket:*")]
    assert keys and not any(ticket in key for key in keys)
    assert all(0 < connection().ttl(key) <= 30 for key in keys)


@pytest.mark.parametrize("ticket", ["", "x", "..", "é", "0" * 5000])
def test_what_is_no_ticket(db: None, ticket: str) -> None:
    assert tickets.redeem(ticket) is None


def test_a_cookie_gets_none(alices: Client) -> None:
    assert alices.post(URL).status_code == 401


def test_without_the_broker_it_says_so(alices_api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise redis.ConnectionError("away")

    monkeypatch.setattr("generation.api.live.tickets.tickets.issue", away)
    answer = alices_api.post(URL)
    assert (answer.status_code, answer.json()["code"]) == (503, "part-away")
