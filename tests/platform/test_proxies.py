"""Nobody but the proxies that PROXY_COUNT counts says who a visitor is, and nobody what a link leads to."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from channels.testing import HttpCommunicator
from django.core import mail

from accounts.models import User
from config.asgi import application
from config.platform.processes import web
from config.proxies import as_told
from tests.architecture.sources import ROOT
from tests.architecture.test_settings import PUBLIC
from tests.forking import forker
from tests.plugin import free_port, wait_for

EVIL = "evil.example"
PEER = ["10.0.0.9", 4321]
FORGED = {
    "Daphne-Root-Path": f"//{EVIL}",
    "X-Forwarded-Prefix": f"//{EVIL}",
    "X-Script-Name": f"//{EVIL}",
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Server": EVIL,
    "X-Original-URL": f"//{EVIL}/",
    "X-Rewrite-URL": f"//{EVIL}/",
    "Forwarded": f"for=6.6.6.6;host={EVIL};proto=https",
    "X-Real-IP": "6.6.6.6",
    "True-Client-IP": "6.6.6.6",
    "CF-Connecting-IP": "6.6.6.6",
}


def told(count: int, *headers: tuple[str, str], kind: str = "http") -> dict[str, Any]:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    scope = {"type": kind, "root_path": "", "scheme": "http", "client": PEER, "headers": raw}
    return as_told(scope, count)


@pytest.mark.parametrize(
    ("count", "lines", "client"),
    [
        (0, ["6.6.6.6"], PEER[0]),
        (1, [], PEER[0]),
        (1, ["1.2.3.4"], "1.2.3.4"),
        (1, ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
        (1, ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        (2, ["6.6.6.6, 1.2.3.4, 10.0.0.2"], "1.2.3.4"),
        (2, ["6.6.6.6", "1.2.3.4", "10.0.0.2"], "1.2.3.4"),
        (2, ["1.2.3.4"], "1.2.3.4"),
        (1, ["1.2.3.4:5678"], "1.2.3.4"),
        (1, ["[2001:db8::1]:80"], "2001:db8::1"),
        (1, ["2001:DB8::1"], "2001:db8::1"),
        (1, ["6.6.6.6, unknown"], PEER[0]),
        (1, ["6.6.6.6,"], PEER[0]),
        (1, ["\xff"], PEER[0]),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_address_is_counted_from_the_right(kind: str, count: int, lines: list[str], client: str) -> None:
    assert told(count, *(("X-Forwarded-For", line) for line in lines), kind=kind)["client"][0] == client


@pytest.mark.parametrize(
    ("count", "value", "scheme"),
    [
        (0, "https", "http"),
        (1, "https", "https"),
        (1, "HTTPS", "https"),
        (1, "https, http", "http"),
        (2, "http, https, http", "https"),
        (1, "javascript", "http"),
        (1, "", "http"),
    ],
)
def test_the_scheme_is_counted_from_the_right(count: int, value: str, scheme: str) -> None:
    assert told(count, ("X-Forwarded-Proto", value))["scheme"] == scheme


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("count", [0, 1, 8])
def test_no_header_of_a_proxy_goes_further(kind: str, count: int) -> None:
    forged = {**FORGED, "X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "81"}
    del forged["Daphne-Root-Path"]  # the server itself takes it
    assert told(count, *forged.items(), ("Host", "localhost"), kind=kind)["headers"] == [(b"host", b"localhost")]


def test_a_reset_mail_leads_to_this_site_whatever_root_path_the_server_took(
    transactional_db: None, alice: User, settings: Any
) -> None:
    form = f"email={alice.email.replace('@', '%40')}".encode()
    headers = [(b"host", b"localhost:8000"), (b"content-type", b"application/x-www-form-urlencoded")]
    # A token and a cookie that match, as a script's first visit would have given it.
    token = b"a" * 32
    headers += [(b"cookie", b"csrftoken=" + token), (b"x-csrftoken", token)]
    asked = HttpCommunicator(application, "POST", "/accounts/password/reset/", form, headers)
    asked.scope.update(root_path=f"//{EVIL}", scheme="http", client=PEER)
    answer = asyncio.run(asked.get_response(timeout=20))
    assert answer["status"] == 302
    assert EVIL not in str(answer["headers"])
    (sent,) = mail.outbox
    assert EVIL not in sent.body and "http://localhost:8000/accounts/password/reset/key/" in sent.body


Ask = Callable[..., http.client.HTTPResponse]


@contextmanager
def served(settings: Any, folder: Path, count: int) -> Iterator[tuple[Ask, Path]]:
    """The web server as the platform starts it, for a public site behind `count` proxies; its log."""
    settings.PORT, settings.BIND, settings.PROXY_COUNT = free_port(), "127.0.0.1", count
    env = {**PUBLIC, "DATA_DIR": str(folder), "PROXY_COUNT": str(count), "LOG_FORMAT": "json", "STATIC_SOURCES": "on"}
    log = folder / "web.log"

    def ask(path: str, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", settings.PORT, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers={"Host": "pictures.example.org", **named})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer

    with log.open("wb") as lines:
        _, option, module, *arguments = web().argv
        assert option == "-m"
        env, number = {**os.environ, **env}, lines.fileno()
        process = forker().fork(module, *arguments, cwd=ROOT, env=env, output=number, errors=number)
        try:
            wait_for(settings.PORT, 60)
            yield ask, log
        finally:
            process.terminate()
            process.wait(10)


def addresses(log: Path) -> list[str]:
    """The client's address of each request in the log."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line["ip"] for line in lines if line["event"] == "request_finished"]


def test_the_server_without_a_proxy_believes_nothing(settings: Any, tmp_path: Path) -> None:
    forged = {**FORGED, "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https"}
    with served(settings, tmp_path, 0) as (ask, log):
        answer = ask("/create/", **forged)
        assert answer.getheader("Location") == "https://pictures.example.org/create/"
        assert EVIL not in str(answer.getheaders())
        assert ask("/healthz", **forged).status == 200
        until(lambda: len(addresses(log)) == 1)
    assert set(addresses(log)) == {"127.0.0.1"}


def test_the_server_behind_one_proxy_believes_what_it_appended(settings: Any, tmp_path: Path) -> None:
    with served(settings, tmp_path, 1) as (ask, log):
        answer = ask("/create/", **FORGED, X_Forwarded_For="6.6.6.6, 1.2.3.4", X_Forwarded_Proto="https")
        assert answer.status == 302
        assert answer.getheader("Location") == "/accounts/login/?next=/create/"
        assert ask("/create/", X_Forwarded_Proto="https, http").status == 301
        until(lambda: len(addresses(log)) == 1)
    assert addresses(log) == ["1.2.3.4"]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
