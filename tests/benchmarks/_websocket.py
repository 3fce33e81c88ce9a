"""The few lines of RFC 6455 that listening to a site takes: a handshake, then unmasked frames from the server."""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Iterator
from typing import IO

TEXT, BINARY, PING = 1, 2, 9


class Listener:
    """One open websocket of a signed-in person."""

    def __init__(self, port: int, cookie: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /ws/jobs/ HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: http://localhost:{port}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\nCookie: {cookie}\r\n\r\n".encode()
        )
        self.stream: IO[bytes] = self.socket.makefile("rb")
        status = self.stream.readline()
        assert b"101" in status, status
        while self.stream.readline().strip():
            pass

    def messages(self) -> Iterator[tuple[int, bytes]]:
        """Whole messages: Daphne sends each in one frame."""
        while True:
            kind, length = self.stream.read(2)
            if length >= 126:
                length = int.from_bytes(self.stream.read(2 if length == 126 else 8), "big")
            data = self.stream.read(length)
            if kind & 15 == PING:
                self.socket.sendall(bytes([0x8A, 0x80 | length]) + bytes(4) + data)
            if kind & 15 in (TEXT, BINARY):
                yield kind & 15, data

    def say(self, text: str) -> None:
        """A short text, masked as clients must; a mask of zeros leaves it as it is."""
        data = text.encode()
        self.socket.sendall(bytes([0x81, 0x80 | len(data)]) + bytes(4) + data)

    def close(self) -> None:
        self.stream.close()
        self.socket.close()
