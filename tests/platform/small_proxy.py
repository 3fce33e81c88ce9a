"""A proxy of a few lines in front of a site, which does what proxies do, or leaves out what it should."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.plugin import free_port

HOST = "127.0.0.1"
BUFFER = 2**16


@dataclass
class Manners:
    """What it does with each request; the defaults are those of one that is set up well."""

    appends: int = 1
    """How many addresses it adds to X-Forwarded-For, as many proxies one behind the other would."""
    tells_scheme: bool = True
    host: str = ""
    """In place of the one that was asked for."""
    upgrades: bool = True
    answers: bytes = b""
    """In place of the site."""


class Proxy:
    def __init__(self, port: int, certificate: Path | None) -> None:
        self.manners = Manners()
        self.upstream, self.port = port, free_port()
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.listener = socket.create_server((HOST, self.port))
        self.threads: list[threading.Thread] = []
        self.threads.append(threading.Thread(target=self.accept))
        self.threads[0].start()

    def accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                line, _ = self.listener.accept()
                thread = threading.Thread(target=self.serve, args=(line,))
                thread.start()
                self.threads.append(thread)

    def serve(self, line: socket.socket) -> None:
        with suppress(OSError), closing(self.context.wrap_socket(line, True) if self.context else line) as visitor:
            head = b""
            while b"\r\n\r\n" not in head:
                if not (piece := visitor.recv(BUFFER)):
                    return
                head += piece
            if self.manners.answers:
                visitor.sendall(self.manners.answers)
                return
            with socket.create_connection((HOST, self.upstream), timeout=20) as site:
                site.sendall(self.changed(head))
                while piece := site.recv(BUFFER):
                    visitor.sendall(piece)
                    if piece.startswith(b"HTTP/1.1 101"):
                        return

    def changed(self, head: bytes) -> bytes:
        first, *rest = head.rstrip(b"\r\n").decode("latin-1").split("\r\n")
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in rest)]
        found = {name.lower(): value for name, value in headers}
        heard = [found.pop("x-forwarded-for", ""), *(f"192.0.2.{each + 1}" for each in range(self.manners.appends))]
        found["x-forwarded-for"] = ", ".join(value for value in heard if value)
        if self.manners.tells_scheme:
            found["x-forwarded-proto"] = "https" if self.context else "http"
        found["host"] = self.manners.host or found["host"]
        if not (self.manners.upgrades and "upgrade" in found):
            found.pop("upgrade", "")
            found["connection"] = "close"
        return "\r\n".join([first, *(f"{name}: {value}" for name, value in found.items()), "", ""]).encode("latin-1")

    def close(self) -> None:
        # Accepting goes on until the listener is shut down, and not merely closed.
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(20)


@contextmanager
def in_front_of(port: int, certificate: Path | None = None) -> Iterator[Proxy]:
    proxy = Proxy(port, certificate)
    try:
        yield proxy
    finally:
        proxy.close()
