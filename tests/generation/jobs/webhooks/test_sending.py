"""One webhook over a true socket with TLS: what the receiver gets, and what a bad one costs."""

from __future__ import annotations

import ssl
import time
from http.server import BaseHTTPRequestHandler

import pytest

from generation.jobs.webhooks import sending
from tests.generation.jobs.webhooks.conftest import HOST, URL, Stranger, answered


def test_it_arrives_as_it_was_written(stranger: Stranger) -> None:
    outcome = sending.post(URL, b'{"a":1}', {"webhook-id": "msg_1", "Content-Type": "application/json"})
    assert (outcome.status, outcome.error, outcome.arrived) == (204, "", True)
    ((host, path, body, headers),) = stranger.asked
    assert (host, path, body) == (f"{HOST}:{stranger.port}", "/tempera?from=here", b'{"a":1}')
    assert headers["webhook-id"] == "msg_1"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(stranger: Stranger, status: int) -> None:
    stranger.answer = answered(status, Location=f"https://{HOST}/elsewhere")
    outcome = sending.post(URL, b"{}", {})
    assert (outcome.status, len(stranger.asked)) == (status, 1)
    assert not outcome.arrived and "redirects" in outcome.error


@pytest.mark.parametrize("status", [400, 404, 410, 429, 500, 503])
def test_another_answer_is_a_failure(stranger: Stranger, status: int) -> None:
    stranger.answer = answered(status)
    outcome = sending.post(URL, b"{}", {})
    assert (outcome.status, outcome.error, outcome.arrived) == (status, f"It answered {status}.", False)


def test_who_drips_is_cut_off(stranger: Stranger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then meets no time-out of a socket, and must not hold the worker."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100):
            handler.wfile.write(b"X-%d: y\r\n" % number)
            handler.wfile.flush()
            time.sleep(0.1)

    stranger.answer = drip
    monkeypatch.setattr(sending, "SECONDS", 1.0)
    began = time.monotonic()
    outcome = sending.post(URL, b"{}", {})
    assert time.monotonic() - began < 4
    assert outcome.status is None and outcome.error == "It took longer than 1 s."


def test_who_says_nothing_is_cut_off(stranger: Stranger, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger.answer = lambda handler: time.sleep(5)
    monkeypatch.setattr(sending, "SECONDS", 0.5)
    outcome = sending.post(URL, b"{}", {})
    assert outcome.status is None and "longer" in outcome.error and outcome.milliseconds < 4000


def test_a_long_answer_is_not_read(stranger: Stranger) -> None:
    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(10**9))
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(b"x" * 2**20)

    stranger.answer = pour
    outcome = sending.post(URL, b"{}", {})
    assert outcome.arrived and outcome.milliseconds < 4000


def test_what_is_no_http(stranger: Stranger) -> None:
    def speak_ssh(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"SSH-2.0-x\r\n")

    stranger.answer = speak_ssh
    outcome = sending.post(URL, b"{}", {})
    assert outcome.status is None and "broke" in outcome.error


def test_a_certificate_of_another_host_is_not_believed(stranger: Stranger) -> None:
    outcome = sending.post("https://other.example.net/", b"{}", {})
    assert (outcome.status, stranger.asked) == (None, []) and "certificate" in outcome.error


def test_a_certificate_that_nobody_vouches_for(stranger: Stranger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "trust", ssl.create_default_context)
    outcome = sending.post(URL, b"{}", {})
    assert (outcome.status, stranger.asked) == (None, []) and "certificate" in outcome.error


def test_nobody_there(stranger: Stranger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PORT", 1)
    assert sending.post(URL, b"{}", {}).error == "It refuses connections."


def test_no_proxy_of_the_environment_is_asked(stranger: Stranger, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert sending.post(URL, b"{}", {}).arrived
