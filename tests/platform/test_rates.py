"""How often API and pages may be asked: counted at once by many, wrong tokens and guests among them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client
from redis import RedisError
from rest_framework.test import APIClient

from accounts.models import User
from config import rates
from config.rates import Rate, address_of, longest_wait, take
from config.throttling import Anonymous, SignedIn

AT_ONCE = 32


def wait_of(key: str, limit: int, period: int) -> int:
    return longest_wait(take([(key, Rate(limit, period))]))


@pytest.fixture
def three_a_minute(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    for throttle in (Anonymous, SignedIn):
        monkeypatch.setattr(throttle, "THROTTLE_RATES", {"anon": "3/min", "user": "3/min"})
    settings.PAGE_RATE = settings.PAGE_RATE_ANONYMOUS = "3/min"


@pytest.mark.usefixtures("db")
def test_of_600_at_once_60_pass() -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waits = list(pool.map(lambda number: wait_of("test:many", 60, 60), range(600)))
    assert waits.count(0) == 60
    assert all(1 <= wait <= 60 for wait in waits if wait)


@pytest.mark.usefixtures("db")
def test_there_is_room_again_when_the_period_has_passed() -> None:
    assert [wait_of("test:short", 2, 1) for _ in range(3)] == [0, 0, 1]
    assert wait_of("test:other", 2, 1) == 0
    time.sleep(1.05)
    assert wait_of("test:short", 2, 1) == 0


@pytest.mark.usefixtures("db")
def test_the_window_slides() -> None:
    """At the end of a period somebody asks twice, and not twice more when the next one begins."""
    assert wait_of("test:sliding", 2, 2) == 0
    time.sleep(1.5)
    assert wait_of("test:sliding", 2, 2) == 0
    time.sleep(0.6)
    assert [wait_of("test:sliding", 2, 2) > 0 for _ in range(2)] == [False, True]


@pytest.mark.usefixtures("db")
def test_where_one_of_several_is_full_none_is_used_up() -> None:
    narrow, wide = ("test:narrow", Rate(1, 60)), ("test:wide", Rate(3, 60))
    assert [(count.wait, count.left) for count in take([narrow, wide])] == [(0, 0), (0, 2)]
    for _ in range(5):
        refused = take([narrow, wide])
        assert refused[0].wait > 0 and (refused[1].wait, refused[1].left) == (0, 2)
    assert [count.left for count in take([wide])] == [1]


@pytest.mark.parametrize("text", ["", "60", "60/", "/min", "60/week", "-1/min", "1.5/s", "60/min "])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        Rate.read(text)


@pytest.mark.usefixtures("db", "three_a_minute")
@pytest.mark.parametrize("header", ["Bearer tmp_made_up", "Bearer " + "x" * 70, ""])
def test_a_wrong_token_is_limited_like_none(header: str) -> None:
    guest = APIClient(headers={"Authorization": header} if header else {})
    answers = [guest.get("/api/v1/me") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert answers[-1].json()["code"] == "throttled"
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60


@pytest.mark.usefixtures("db", "three_a_minute")
def test_the_description_in_a_browser_says_so_as_a_page(client: Client) -> None:
    answers = [client.get("/api/docs/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1]["Content-Type"].startswith("text/html") and "<html" in answers[-1].text


@pytest.mark.usefixtures("three_a_minute")
def test_what_is_refused_before_a_view_counts_once(alices_api: APIClient) -> None:
    """Each is asked for three times, whatever came of it; somebody else's count is another."""
    statuses = [alices_api.get(f"/api/v1/{path}").status_code for path in ("me", "jobs/nothing", "me", "me")]
    assert statuses == [200, 404, 200, 429]
    assert APIClient().get("/api/v1/checkpoints").status_code == 200


@pytest.mark.usefixtures("three_a_minute")
def test_pages_by_person(alice: User, alices: Client, charlies: Client, signed_in: Any) -> None:
    """On another device too; but guests and others are not held up."""
    assert [alices.get("/account/").status_code for _ in range(3)] == [200] * 3
    late = signed_in(alice).get("/account/")
    assert late.status_code == 429
    assert "too often" in late.text and 1 <= int(late["Retry-After"]) <= 60
    assert alices.get("/account/", headers={"X-Requested-With": "fetch"}).json()["code"] == "throttled"
    assert charlies.get("/account/").status_code == 200
    assert Client().get("/gallery/").status_code == 200


@pytest.mark.usefixtures("db", "three_a_minute")
def test_pages_by_address() -> None:
    statuses = [Client().get("/gallery/", REMOTE_ADDR="192.0.2.7").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert Client().get("/gallery/", REMOTE_ADDR="192.0.2.8").status_code == 200
    assert Client().get("/healthz", REMOTE_ADDR="192.0.2.7").status_code == 200


@pytest.mark.usefixtures("db", "three_a_minute")
def test_files_are_counted_by_themselves() -> None:
    """A page brings its pictures along."""
    client = Client()
    assert [client.get("/gallery/made-up/thumbnail").status_code for _ in range(16)] == [404] * 15 + [429]
    assert client.get("/gallery/").status_code == 200


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_a_network_of_ipv6_counts_as_one(address: str, expected: str, rf: Any) -> None:
    assert address_of(rf.get("/", REMOTE_ADDR=address)) == expected


def test_without_a_broker_nobody_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def eval(self, *args: object) -> int:
            raise RedisError("away")

    monkeypatch.setattr(rates, "connection", Away)
    assert [take([("test:away", Rate(1, 60))]) for _ in range(3)] == [[]] * 3
