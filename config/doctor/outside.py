"""The site as visitors reach it: SITE_URL itself, through whatever stands in front of it."""

from __future__ import annotations

import base64
import http.client
import json
import re
import secrets
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from django.conf import settings

from accounts.refusals import counted
from config.doctor.findings import Line, fail, ok, reason, warn
from config.doctor.seen import TOKEN_HEADER, new_token

TIMEOUT_SECONDS = 10
FORGED = "203.0.113.77"
"""An address that nobody has (RFC 5737): who believes it believes every visitor."""
CERTIFICATE_DAYS = 14
STYLESHEET = re.compile(r'<link rel="stylesheet" href="([^"]+)"')
LARGEST_BYTES = 4 * 1024**2


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    body: bytes
    certificate_ends: datetime | None = None


def site_url() -> Iterator[Line]:
    """One line for each thing that may be wrong on the way; the first that is hides those behind it."""
    try:
        answer = ask("/readyz")
    except (OSError, http.client.HTTPException) as error:
        advice = "Look at SITE_URL, the proxy and the name; some machines cannot reach their own public address."
        yield fail("outside", f"{settings.SITE_URL} cannot be reached from here: {reason(error)}.", advice)
        return
    if answer.status != 200:
        said = f"{settings.SITE_URL}/readyz answers {answer.status}{to(answer)}."
        yield fail("outside", said, advice_about(answer))
        return
    yield ok("outside", f"{settings.SITE_URL} answers.")
    yield from certificate(answer)
    yield from proxies()
    yield from page()
    yield from websocket()


def advice_about(answer: Answer) -> str:
    if answer.status == 400:
        return (
            "The site does not know the host by which it is asked: have the proxy pass Host on, or set ALLOWED_HOSTS."
        )
    if answer.status == 503:
        return "The web process answers, but not what it needs: see the lines about database and broker."
    return "See that the proxy leads to this site's web process, at PORT."


def certificate(answer: Answer) -> Iterator[Line]:
    if answer.certificate_ends:
        days = (answer.certificate_ends - datetime.now(UTC)).days
        said = f"Its certificate holds for {days} days."
        advice = "Renew it, and see why that has not happened by itself."
        yield warn("outside", said, advice) if days < CERTIFICATE_DAYS else ok("outside", said)


def proxies() -> Iterator[Line]:
    """What the proxies say of the visitor, who claims here to be somebody else."""
    answer = ask("/healthz/seen", {TOKEN_HEADER: new_token(), "X-Forwarded-For": FORGED})
    if answer.status in (301, 302, 307, 308) and answer.location.startswith("https://"):
        said = "The site takes a visit by https for one by http, and sends it to https over and over."
        yield fail("proxy", said, "Have the proxy set X-Forwarded-Proto, and set PROXY_COUNT to the number of proxies.")
        return
    try:
        told = json.loads(answer.body) if answer.status == 200 else None
    except ValueError:
        told = None
    if told is None:
        said = (
            f"{settings.SITE_URL}/healthz/seen answers {answer.status}: another site, or one with another SECRET_KEY."
        )
        yield fail("proxy", said, "Set the same SECRET_KEY on every machine, and see where the proxy leads to.")
        return
    yield from faults_of(told)


def faults_of(told: dict[str, object]) -> Iterator[Line]:
    wanted = urlsplit(settings.SITE_URL)
    forwarded = [str(value) for value in list(told["forwarded"])]  # type: ignore[call-overload]
    count = len([value for value in forwarded if value != FORGED])
    faults = 0
    if told["host"] != wanted.netloc:
        faults += 1
        said = f"The site is asked for “{told['host']}” where visitors ask for “{wanted.netloc}”."
        yield fail("proxy", said, "Have the proxy pass the Host header on as it is.")
    if told["scheme"] != wanted.scheme:
        faults += 1
        said = f"The site takes a visit by {wanted.scheme} for one by {told['scheme']}."
        yield fail("proxy", said, "Have the proxy set X-Forwarded-Proto, and set PROXY_COUNT to the number of proxies.")
    if told["address"] == FORGED or count != settings.PROXY_COUNT:
        faults += 1
        so = "a visitor can claim any address" if told["address"] == FORGED else "visitors are taken for one another"
        said = f"Proxies that say whom they heard: {count}. PROXY_COUNT is {settings.PROXY_COUNT}, so {so}."
        yield fail("proxy", said, f"Set PROXY_COUNT to {count}, or have each proxy append to X-Forwarded-For.")
    if not faults:
        yield ok("proxy", f"Host, scheme and address arrive as they are, through {counted(count, 'proxy', 'proxies')}.")


def page() -> Iterator[Line]:
    """The start page, and the first stylesheet that it names."""
    answer = ask("/")
    found = STYLESHEET.search(answer.body.decode(errors="replace"))
    if answer.status != 200 or not found:
        yield fail("outside", f"The start page answers {answer.status}{to(answer)}.", "See the web process's log.")
        return
    address = urljoin("/", found[1])
    style = ask(address)
    if style.status == 200:
        yield ok("outside", "The start page and its style arrive.")
    else:
        said = f"The start page arrives, its style {address} answers {style.status}."
        yield fail("outside", said, "Run `python manage.py collectstatic`, and let the proxy pass /static/ on.")


def websocket() -> Iterator[Line]:
    """A handshake as a browser makes it; the site accepts it and then says that nobody is signed in."""
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    head = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
    try:
        answer = ask("/ws/jobs/", {**head, "Origin": settings.SITE_URL})
    except (OSError, http.client.HTTPException) as error:
        answer = Answer(0, "", reason(error).encode())
    if answer.status == 101:
        yield ok("websocket", "A websocket is opened.")
        return
    said = f"answers {answer.status}" if answer.status else answer.body.decode()
    advice = (
        "Have the proxy speak HTTP/1.1 and pass Upgrade, Connection and Origin on. Pages work, but show no previews."
    )
    yield fail("websocket", f"No websocket is opened: {settings.SITE_URL}/ws/jobs/ {said}.", advice)


def to(answer: Answer) -> str:
    return f" and leads to {answer.location}" if answer.location else ""


def ask(path: str, headers: dict[str, str] | None = None) -> Answer:
    """One request to SITE_URL; redirects are not followed. Raises OSError and HTTPException."""
    parts = urlsplit(settings.SITE_URL)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    with closing(kind(str(parts.hostname), parts.port, timeout=TIMEOUT_SECONDS)) as line:
        line.request("GET", path, headers=headers or {})
        # Before the answer, with which the line may be given away.
        ends = end_of_certificate(line)
        with line.getresponse() as answer:
            body = b"" if answer.status == 101 else answer.read(LARGEST_BYTES)
            return Answer(answer.status, answer.headers.get("Location", ""), body, ends)


def end_of_certificate(line: http.client.HTTPConnection) -> datetime | None:
    if not isinstance(line.sock, ssl.SSLSocket):
        return None
    certificate = line.sock.getpeercert() or {}
    ends = certificate.get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(ends)), UTC) if ends else None
