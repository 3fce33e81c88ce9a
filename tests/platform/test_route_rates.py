"""The operator's own limits of certain addresses: of a person, of an address, on pages and over the API."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from knox.models import get_token_model
from redis import RedisError
from rest_framework.test import APIClient

from accounts.models import User
from config import rates
from config.rates import TAKE, Rate
from config.route_rates import PEOPLE_AN_ADDRESS, Rule, asked_of, read_rule
from tests.conftest import PASSWORD, join

SIGN_IN = "/accounts/login/"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("POST /api/v1/jobs 100/hour", Rule("POST", "/api/v1/jobs", Rate(100, 3600))),
        ("/gallery/ 5/s", Rule("", "/gallery/", Rate(5, 1))),
    ],
)
def test_how_a_rule_is_read(text: str, rule: Rule) -> None:
    assert read_rule(text) == rule


@pytest.mark.parametrize("text", ["", "/gallery/", "gallery/ 5/s", "post /gallery/ 5/s", "POST /a /b 5/s", "/a often"])
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        read_rule(text)


def test_a_person_is_counted_and_their_address_with_many(rf: RequestFactory, alice: User, settings: Any) -> None:
    settings.ROUTE_RATES = ["POST /verify/ 5/min", "GET /verify/ 7/min", "/other/ 9/min"]
    request = rf.post("/verify/", REMOTE_ADDR="192.0.2.7")
    request.user = alice
    assert asked_of(request) == [
        (f"route:POST /verify/:person:{alice.pk}", Rate(5, 60)),
        ("route:POST /verify/:address:192.0.2.7:people", Rate(5 * PEOPLE_AN_ADDRESS, 60)),
    ]
    request.user = AnonymousUser()
    assert asked_of(request) == [("route:POST /verify/:address:192.0.2.7", Rate(5, 60))]
    assert asked_of(rf.get("/nowhere/")) == []


def test_pages_by_person_and_not_by_method_or_address_besides(alices: Client, charlies: Client, settings: Any) -> None:
    settings.ROUTE_RATES = ["POST /account/ 2/hour"]
    statuses = [alices.post("/account/tokens/", {}).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    late = alices.post("/account/tokens/", {}, headers={"X-Requested-With": "fetch"})
    assert late.json()["code"] == "throttled" and 3500 < int(late["Retry-After"]) <= 3600
    assert alices.get("/account/tokens/").status_code == 200
    assert charlies.post("/account/tokens/", {}).status_code == 200


def test_many_accounts_of_one_address_are_bounded_too(db: None, settings: Any, signed_in: Any) -> None:
    settings.ROUTE_RATES = ["GET /account/ 1/hour"]
    people = [signed_in(join(f"person{number}")) for number in range(PEOPLE_AN_ADDRESS + 1)]
    statuses = [client.get("/account/", REMOTE_ADDR="192.0.2.7").status_code for client in people]
    assert statuses == [200] * PEOPLE_AN_ADDRESS + [429]
    assert people[-1].get("/account/", REMOTE_ADDR="192.0.2.8").status_code == 200


def test_the_api_by_the_person_of_a_token(alices_api: APIClient, alice: User, charlie: User, settings: Any) -> None:
    settings.ROUTE_RATES = ["GET /api/v1/me 2/hour"]
    _, second = get_token_model().objects.create(user=alice)
    answers = [alices_api.get("/api/v1/me") for _ in range(2)]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["1", "0"]
    late = APIClient(headers={"Authorization": f"Bearer {second}"}).get("/api/v1/me")
    assert (late.status_code, late.json()["code"]) == (429, "throttled") and 3500 < int(late["Retry-After"]) <= 3600
    _, other = get_token_model().objects.create(user=charlie)
    assert APIClient(headers={"Authorization": f"Bearer {other}"}).get("/api/v1/me").status_code == 200
    assert alices_api.get("/api/v1/loras").status_code == 200


class Away:
    def eval(self, *args: object) -> int:
        raise RedisError("away")


def test_while_the_broker_is_away_pages_are_open(
    alices: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ROUTE_RATES = ["/account/ 1/hour"]
    monkeypatch.setattr(rates, "connection", Away)
    assert [alices.get("/account/").status_code for _ in range(3)] == [200] * 3


def test_and_sign_in_is_closed(alice: User, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password that cannot be counted is not tried: 503, and it is not told whether it was right."""
    monkeypatch.setattr(rates, "connection", Away)
    settings.CACHES = {"default": {**site.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    for password in (PASSWORD, "wrong"):
        answer = client.post(SIGN_IN, {"login": "alice", "password": password})
        assert (answer.status_code, answer["Retry-After"]) == (503, "30")


ASKING = """
import sys, redis
url, take, times = sys.argv[1:]
with redis.Redis.from_url(url) as connection:
    print(sum(connection.eval(take, 1, "tempera:rate:test:processes", 50, 60)[0][0] == 0 for _ in range(int(times))))
"""


@pytest.mark.usefixtures("db")
def test_of_several_processes_no_more_pass_than_of_one() -> None:
    asking = [
        subprocess.Popen([sys.executable, "-c", ASKING, site.REDIS_URL, TAKE, "40"], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert sum(int(process.communicate(timeout=60)[0]) for process in asking) == 50
