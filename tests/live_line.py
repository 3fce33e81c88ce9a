"""Pages that stay open, without a browser: each holds its live line as `static/js/live/line.js` does, and comes again.

All of them live in the event loop of one thread. What they hear goes to a function of the test's.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 30.0
PATIENCE_SECONDS = 20.0
BUFFER_BYTES = 2048
"""So much one that never reads takes in before its line is full."""


@dataclass(eq=False)
class OpenPage:
    """One page of a signed-in person, at `host` and `port`; one that does not read takes nothing after the handshake.

    `ups` and `downs` are when its line came and went, by the monotonic clock; `codes` why it was closed.
    """

    host: str
    port: int
    session: str
    name: str = ""
    reads: bool = True
    ups: list[float] = field(default_factory=list)
    downs: list[float] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    @property
    def is_up(self) -> bool:
        return len(self.ups) > len(self.downs)


Heard = Callable[[OpenPage, int, bytes, float], None]
"""Which page heard a text or bytes, and when."""


class OpenPages:
    """Open while the block runs; more can be opened and some closed meanwhile."""

    def __init__(self, heard: Heard | None = None) -> None:
        self.heard = heard
        self.pages: dict[OpenPage, asyncio.Task[None]] = {}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="open pages", daemon=True)

    def __enter__(self) -> OpenPages:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close(list(self.pages))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def open(self, pages: Sequence[OpenPage], seconds: float = 60) -> None:
        """Return once all of them are up."""
        asyncio.run_coroutine_threadsafe(self._open(pages), self.loop).result()
        deadline = time.monotonic() + seconds
        while missing := [page for page in pages if not page.is_up]:
            assert time.monotonic() < deadline, f"{len(missing)} pages have no live line: {missing[0]}"
            time.sleep(0.05)

    def close(self, pages: Sequence[OpenPage]) -> None:
        asyncio.run_coroutine_threadsafe(self._close(pages), self.loop).result()

    async def _open(self, pages: Sequence[OpenPage]) -> None:
        self.pages.update({page: asyncio.create_task(self._live(page)) for page in pages})

    async def _close(self, pages: Sequence[OpenPage]) -> None:
        tasks = [self.pages.pop(page) for page in pages]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _live(self, page: OpenPage) -> None:
        wait = FIRST_WAIT_SECONDS
        while True:
            with suppress(OSError, EOFError, TimeoutError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    line = await Line.opened(page)
                wait = FIRST_WAIT_SECONDS
                page.ups.append(time.monotonic())
                try:
                    await (self._listen(page, line) if page.reads else asyncio.sleep(3600))
                finally:
                    page.downs.append(time.monotonic())
                    await line.end()
            await asyncio.sleep(wait * (0.75 + random.random() / 2))
            wait = min(LONGEST_WAIT_SECONDS, wait * 2)

    async def _listen(self, page: OpenPage, line: Line) -> None:
        while True:
            kind, data = await line.hear()
            if kind == CLOSE:
                page.codes.append(int.from_bytes(data[:2], "big"))
                return
            if self.heard is not None:
                self.heard(page, kind, data, time.monotonic())
            if kind == BINARY:
                line.say(TEXT, b'{"ack":true}')


class Line:
    """One websocket, as far as a page of ours needs it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def opened(cls, page: OpenPage) -> Line:
        """Raises OSError where the handshake is refused."""
        end = socket.socket()
        try:
            if not page.reads:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            end.setblocking(False)
            await asyncio.get_running_loop().sock_connect(end, (socket.gethostbyname(page.host), page.port))
            limit = 2**16 if page.reads else BUFFER_BYTES
            line = cls(*await asyncio.open_connection(sock=end, limit=limit))
        except BaseException:
            end.close()
            raise
        try:
            await line.shake_hands(page)
        except BaseException:
            await line.end()
            raise
        return line

    async def shake_hands(self, page: OpenPage) -> None:
        host = f"{page.host}:{page.port}"
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write(
            f"GET /ws/jobs/ HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Cookie: sessionid={page.session}\r\n\r\n".encode()
        )
        status = await self.reader.readline()
        if b" 101 " not in status:
            raise ConnectionRefusedError(status)
        while (await self.reader.readline()).strip():
            pass

    async def hear(self) -> tuple[int, bytes]:
        """The next whole message: Daphne sends each in one frame. Pings are answered."""
        while True:
            first, length = await self.reader.readexactly(2)
            if length >= 126:
                length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
            data = await self.reader.readexactly(length)
            if first & 15 == PING:
                self.say(PONG, data)
            elif first & 15 in (TEXT, BINARY, CLOSE):
                return first & 15, data

    def say(self, kind: int, data: bytes) -> None:
        """A short message, masked as clients must; a mask of zeros leaves it as it is."""
        self.writer.write(bytes([0x80 | kind, 0x80 | len(data)]) + bytes(4) + data)

    async def end(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


def frame_of(data: bytes) -> dict[str, object]:
    """The header of a preview frame: two bytes of its length, and JSON."""
    header: dict[str, object] = json.loads(data[2 : 2 + int.from_bytes(data[:2], "big")])
    return header
