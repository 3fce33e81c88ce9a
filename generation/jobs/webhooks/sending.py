"""One webhook over the wire: TLS to a pinned address, one POST, the status of the answer, and all of it in seconds.

No redirect is followed, no proxy is asked, and of the answer nothing but its status is kept.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass

from generation.jobs.webhooks.addresses import PORT, NotPublic, host_and_path, public_addresses

SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try: a status, or why there is none."""

    status: int | None
    error: str
    milliseconds: int

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class PinnedConnection(http.client.HTTPSConnection):
    """To an address that was looked at, with the name of its host in the handshake and the certificate."""

    def __init__(self, host: str, address: str, seconds: float) -> None:
        self.trusted = trust()
        super().__init__(host, PORT, timeout=seconds, context=self.trusted)
        self.address, self.seconds = address, seconds
        self.wire: socket.socket | None = None
        self.is_over = False

    def connect(self) -> None:
        raw = socket.create_connection((self.address, PORT), self.seconds)
        # TLS takes the socket over, so whoever ends it from outside needs a handle of their own.
        self.wire = raw.dup()
        if self.is_over:
            self.cut()
        self.sock = self.trusted.wrap_socket(raw, server_hostname=self.host)

    def cut(self) -> None:
        """End it now, whatever it waits for: a server that drips a byte a second meets no time-out of a socket."""
        self.is_over = True
        if self.wire is not None:
            with suppress(OSError):
                self.wire.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        super().close()
        if self.wire is not None:
            self.wire.close()


def trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Send it; whatever goes wrong is an outcome."""
    began = time.monotonic()
    try:
        host, path = host_and_path(url)
        addresses = public_addresses(host)
        status, error = _ask(host, addresses[0], path, body, headers), ""
    except NotPublic as reason:
        status, error = None, str(reason)
    except (OSError, http.client.HTTPException, ValueError) as reason:
        status, error = None, _words_of(reason, time.monotonic() - began)
    if status is not None and not 200 <= status < 300:
        error = "It redirects, which is not followed." if 300 <= status < 400 else f"It answered {status}."
    return Outcome(status, error, round((time.monotonic() - began) * 1000))


def _ask(host: str, address: str, path: str, body: bytes, headers: Mapping[str, str]) -> int:
    connection = PinnedConnection(host, address, SECONDS)
    clock = threading.Timer(SECONDS, connection.cut)
    clock.daemon = True
    clock.start()
    try:
        with closing(connection):
            connection.request("POST", path, body, dict(headers))
            with connection.getresponse() as answer:
                # A head that is cut off reads like one that has ended.
                if connection.is_over:
                    raise TimeoutError
                return answer.status
    finally:
        clock.cancel()


def _words_of(error: Exception, seconds: float) -> str:
    """For the person's log: our own words, since what a stranger's server says is of no use there."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not good: {error.verify_message}."[:200]
    if isinstance(error, TimeoutError) or seconds >= SECONDS:
        return f"It took longer than {SECONDS:g} s."
    if isinstance(error, ConnectionRefusedError):
        return "It refuses connections."
    return f"The connection broke ({type(error).__name__})."
