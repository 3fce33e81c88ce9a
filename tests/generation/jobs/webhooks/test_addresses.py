"""Where webhooks may go: no spelling of an address, and no name server, leads one to what is not public."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from accounts.refusals import Refusal
from generation.jobs.webhooks import sending
from generation.jobs.webhooks.addresses import NotPublic, check_url, is_public, public_addresses

PUBLIC, SECOND = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
INSIDE = [
    "127.0.0.1", "127.1", "0", "0.0.0.0", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "169.254.169.254",
    "100.64.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "198.18.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[fd00::1]",
    "[fe80::1]", "[fec0::1]", "[ff02::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]",
    "[2001:db8::1]",
]  # fmt: skip


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Where somebody was about to connect to; nobody gets through."""
    seen: list[Any] = []

    def connect(address: Any, *rest: Any, **options: Any) -> None:
        seen.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    return seen


class NameServer:
    """Answers each question by the next of its answers."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0

    def getaddrinfo(self, host: str, port: int, **options: Any) -> list[Any]:
        self.asked += 1
        found = self.answers.pop(0) if self.answers else []
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


def use(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> NameServer:
    server = NameServer(*answers)
    monkeypatch.setattr(socket, "getaddrinfo", server.getaddrinfo)
    return server


@pytest.mark.parametrize("host", INSIDE)
def test_nothing_inside_is_reached_however_it_is_spelt(settings: Any, connects: list[Any], host: str) -> None:
    settings.WEBHOOK_HOSTS = ["*"]
    outcome = sending.post(f"https://{host}/", b"{}", {})
    assert connects == [] and outcome.status is None and outcome.error


@pytest.mark.parametrize("address", [PUBLIC, SECOND, "1.1.1.1", "2a00:1450:4001:800::200e"])
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["", "x", "1.2.3", "fe80::1%eth0", "1.1.1.1 ", "::ffff:1.1.1.1"])
def test_what_is_no_public_address(address: str) -> None:
    assert not is_public(address)


def test_a_name_is_asked_for_once_and_that_answer_counts(
    settings: Any, connects: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that says something else the second time has nobody to say it to."""
    server = use(monkeypatch, [PUBLIC], ["127.0.0.1"])
    outcome = sending.post("https://hooks.example.org/", b"{}", {})
    assert (connects, server.asked, outcome.status) == ([(PUBLIC, 443)], 1, None)


@pytest.mark.parametrize("found", [[PUBLIC, "127.0.0.1"], ["10.0.0.1", PUBLIC], [PUBLIC, "::1"], []])
def test_one_address_inside_is_one_too_many(
    settings: Any, connects: list[Any], monkeypatch: pytest.MonkeyPatch, found: list[str]
) -> None:
    use(monkeypatch, found)
    with pytest.raises(NotPublic):
        public_addresses("hooks.example.org")
    assert sending.post("https://hooks.example.org/", b"{}", {}).status is None and connects == []


def test_a_name_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*args: Any, **options: Any) -> None:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    assert "leads nowhere" in sending.post("https://hooks.example.org/", b"{}", {}).error


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org", "https://hooks.example.org/", "https://HOOKS.example.org/a?b=c",
        "https://hooks.example.org:443/", "https://example.net/", "https://deep.below.example.net/x",
    ],
)  # fmt: skip
def test_what_may_be_named(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.example.org/", "bad-address"),
        ("ftp://hooks.example.org/", "bad-address"),
        ("//hooks.example.org/", "bad-address"),
        ("https://", "bad-address"),
        ("", "bad-address"),
        ("https://hooks.example.org:8443/", "bad-address"),
        ("https://hooks.example.org:x/", "bad-address"),
        ("https://a:b@hooks.example.org/", "bad-address"),
        ("https://hooks.example.org@evil.example/", "bad-address"),
        ("https://hooks.example.org/#x", "bad-address"),
        ("https://hooks.example.org/ x", "bad-address"),
        ("https://hooks.example.org/\r\nHost: x", "bad-address"),
        ("https://hooks.example.org\\@evil.example/", "bad-address"),
        ("https://hooks.example.org/" + "x" * 500, "bad-address"),
        ("https://höoks.example.org/", "bad-address"),
        ("https://[::1/", "bad-address"),
        ("https://evil.example/", "host-not-allowed"),
        ("https://hooks.example.org.evil.example/", "host-not-allowed"),
        ("https://xhooks.example.org/", "host-not-allowed"),
        ("https://notexample.net/", "host-not-allowed"),
        ("https://hooks.example.org./", "host-not-allowed"),
        ("https://127.0.0.1/", "host-not-allowed"),
    ],
)
def test_what_may_not(url: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_url(url)
    assert refused.value.code == code


def test_without_hosts_there_are_none(settings: Any) -> None:
    settings.WEBHOOK_HOSTS = []
    with pytest.raises(Refusal) as refused:
        check_url("https://hooks.example.org/")
    assert refused.value.code == "webhooks-off"


def test_a_host_that_is_allowed_no_more_is_not_asked(settings: Any, connects: list[Any]) -> None:
    settings.WEBHOOK_HOSTS = [".example.net"]
    assert "operator" in sending.post("https://hooks.example.org/", b"{}", {}).error and connects == []
