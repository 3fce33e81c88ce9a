"""The doctor from outside in: a real web server behind a proxy, which is set up well and then badly in every way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from config.doctor import outside
from config.doctor.findings import Level
from config.doctor.seen import TOKEN_HEADER, new_token
from tests.accounts.mail_servers import write_certificate
from tests.architecture.test_settings import PUBLIC
from tests.journeys.site import started
from tests.platform.small_proxy import Manners, Proxy, in_front_of
from tests.plugin import free_port

OK, WARN, FAIL = Level.OK, Level.WARN, Level.FAIL
NOTHING = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def plain(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A site on plain http behind one proxy."""
    folder = tmp_path_factory.mktemp("plain")
    site = started(django_db_blocker.unblock(), folder, with_worker=False, PROXY_COUNT="1")
    with site as running, in_front_of(running.port) as proxy:
        yield proxy


@pytest.fixture
def proxy(plain: Proxy, settings: Any) -> Proxy:
    plain.manners = Manners()
    settings.SITE_URL, settings.PROXY_COUNT = f"http://localhost:{plain.port}", 1
    return plain


def faults() -> list[tuple[str, str]]:
    """Part, and what was said and advised, of all that is not in order."""
    lines = list(outside.site_url())
    assert all(bool(line.advice) == (line.level != OK) for line in lines)
    return [(line.part, f"{line.said} {line.advice}") for line in lines if line.level == FAIL]


def fault() -> tuple[str, str]:
    (only,) = faults()
    return only


def test_all_in_order(proxy: Proxy) -> None:
    lines = list(outside.site_url())
    assert [(line.level, line.part) for line in lines] == [
        (OK, "outside"), (OK, "proxy"), (OK, "outside"), (OK, "websocket"),
    ]  # fmt: skip
    assert "through 1 proxy." in lines[1].said


@pytest.mark.parametrize(
    ("appends", "counted", "words"),
    [
        (0, 1, "heard: 0. PROXY_COUNT is 1, so a visitor can claim any address. Set PROXY_COUNT to 0"),
        (2, 1, "heard: 2. PROXY_COUNT is 1, so visitors are taken for one another. Set PROXY_COUNT to 2"),
    ],
)
def test_proxies_counted_wrongly(proxy: Proxy, appends: int, counted: int, words: str) -> None:
    proxy.manners = Manners(appends=appends)
    assert fault()[0] == "proxy" and words in fault()[1]


def test_a_host_that_is_not_passed_on(proxy: Proxy) -> None:
    proxy.manners = Manners(host="127.0.0.1:1")
    assert fault()[0] == "proxy" and "asked for “127.0.0.1:1”" in fault()[1]
    proxy.manners = Manners(host="inner.example.org")
    assert "answers 400" in fault()[1] and "ALLOWED_HOSTS" in fault()[1]


def test_no_upgrade(proxy: Proxy) -> None:
    proxy.manners = Manners(upgrades=False)
    part, words = fault()
    assert part == "websocket" and "answers 4" in words and "pass Upgrade" in words


def test_a_proxy_without_a_site(proxy: Proxy) -> None:
    proxy.manners = Manners(answers=NOTHING)
    assert "answers 502" in fault()[1]


def test_nobody_there(settings: Any) -> None:
    settings.SITE_URL = f"http://localhost:{free_port()}"
    assert "cannot be reached from here" in fault()[1]


def test_another_sites_key(proxy: Proxy, settings: Any) -> None:
    settings.SECRET_KEY = "of another machine" * 5
    part, words = fault()
    assert part == "proxy" and "the same SECRET_KEY" in words


def test_only_the_doctor_is_told(client: Client) -> None:
    assert client.get("/healthz/seen").status_code == 404
    assert client.get("/healthz/seen", headers={TOKEN_HEADER: "forged"}).status_code == 404
    answer = client.get("/healthz/seen", headers={TOKEN_HEADER: new_token()})
    assert answer.json() == {"host": "testserver", "scheme": "http", "address": "127.0.0.1", "forwarded": []}
    assert "no-store" in answer["Cache-Control"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("certificate") / "certificate.pem")


@pytest.fixture(scope="module")
def public(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory, certificate: Path
) -> Iterator[Proxy]:
    """A site at an https address."""
    env = {**PUBLIC, "SITE_URL": "https://127.0.0.1", "PROXY_COUNT": "1", "STATIC_SOURCES": "on"}
    # Whether it is ready is asked of it directly.
    env["ALLOWED_HOSTS"] = "127.0.0.1,localhost"
    folder = tmp_path_factory.mktemp("public")
    site = started(django_db_blocker.unblock(), folder, with_worker=False, **env)
    with site as running, in_front_of(running.port, certificate) as proxy:
        yield proxy


@pytest.fixture
def https(public: Proxy, certificate: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    public.manners = Manners()
    settings.SITE_URL, settings.PROXY_COUNT = f"https://127.0.0.1:{public.port}", 1
    settings.SECRET_KEY = PUBLIC["SECRET_KEY"]
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return public


def test_https_in_order_but_for_its_certificate(https: Proxy) -> None:
    lines = list(outside.site_url())
    assert [line.level for line in lines] == [OK, WARN, OK, OK, OK]
    assert "holds for 0 days" in lines[1].said


def test_a_scheme_that_is_not_told(https: Proxy) -> None:
    https.manners = Manners(tells_scheme=False)
    found = faults()
    assert "takes a visit by https for one by http" in found[0][1] and "X-Forwarded-Proto" in found[0][1]


def test_a_certificate_that_nobody_knows(https: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "CERTIFICATE_VERIFY_FAILED" in fault()[1]
