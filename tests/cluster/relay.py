"""A switch between the machines of a cluster and a server: it passes bytes on, cuts the line, or answers 503 by itself.

All relays of a cluster live in the event loop of one thread.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from pathlib import Path

Address = tuple[str, int]
UNAVAILABLE = (
    b"HTTP/1.1 503 Slow Down\r\nConnection: close\r\nContent-Type: application/xml\r\nContent-Length: 61\r\n\r\n"
    b"<Error><Code>SlowDown</Code><Message>Busy.</Message></Error>\n"
)
"""What S3 says when it has too much to do."""


class Relay:
    """Between `address` and a server's address or socket."""

    def __init__(self, address: Address, server: Address | Path) -> None:
        self.address, self.server = address, server
        self.unavailable = False
        self.refused = 0
        self.listening: asyncio.Server | None = None
        self.lines: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        self.unavailable = False
        self.drop()
        if self.listening is None:
            self.listening = await asyncio.start_server(self._serve, *self.address)

    async def cut(self) -> None:
        """Nobody comes through, and who was through is cut off."""
        if self.listening is not None:
            self.listening.close()
            self.listening = None
        self.drop()

    async def refuse(self) -> None:
        """Answer 503 to everybody."""
        self.unavailable = True
        self.drop()

    def drop(self) -> None:
        for line in self.lines:
            line.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines.add(writer)
        with suppress(OSError, EOFError):
            await (self._answer(reader, writer) if self.unavailable else self._pass_on(reader, writer))
        self.lines.discard(writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b"\r\nexpect:" not in head and b"\r\ncontent-length:" in head:
            await reader.readexactly(int(head.split(b"\r\ncontent-length:")[1].split(b"\r\n")[0]))
        self.refused += 1
        writer.write(UNAVAILABLE)
        await writer.drain()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(self.server, Path):
            there, back = await asyncio.open_unix_connection(str(self.server))
        else:
            there, back = await asyncio.open_connection(*self.server)
        try:
            ways = [asyncio.ensure_future(copy(reader, back)), asyncio.ensure_future(copy(there, writer))]
            # Whoever hangs up, the other is told.
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            back.close()
            with suppress(OSError):
                await back.wait_closed()


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(2**16):
        writer.write(data)
        await writer.drain()


class Relays:
    """The thread in which relays live."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="relays", daemon=True)
        self.thread.start()
        self.relays: list[Relay] = []

    def between(self, address: Address, server: Address | Path) -> Relay:
        relay = Relay(address, server)
        self.relays.append(relay)
        self.open(relay)
        return relay

    def open(self, relay: Relay) -> None:
        asyncio.run_coroutine_threadsafe(relay.open(), self.loop).result(10)

    def cut(self, relay: Relay) -> None:
        asyncio.run_coroutine_threadsafe(relay.cut(), self.loop).result(10)

    def refuse(self, relay: Relay) -> None:
        asyncio.run_coroutine_threadsafe(relay.refuse(), self.loop).result(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    async def _end(self) -> None:
        for relay in self.relays:
            await relay.cut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
